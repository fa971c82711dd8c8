//! The parser of JSON Web Keys (RFC 7517), with the parameters of RFC 7518 and RFC 8037.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    InvalidKey, Key, KeyName, Secret, SymmetricKeys,
    public::{self, Reason},
};
use crate::token::{algorithm::Algorithm, strict_json};

#[derive(Deserialize)]
struct JwkSet<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    k: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

pub(super) fn read(json: &[u8], symmetric: SymmetricKeys) -> Result<Vec<Key>, InvalidKey> {
    // The derived `Deserialize` would also accept an array.
    let is_object = json.trim_ascii_start().starts_with(b"{");
    let set: JwkSet<'_> = serde_json::from_slice(json)
        .ok()
        .filter(|_| is_object)
        .ok_or(InvalidKey::Jwks)?;
    let (mut keys, mut skipped) = (Vec::new(), None);
    for (number, jwk) in (1..).zip(set.keys) {
        match read_one(number, jwk, symmetric) {
            Ok(key) => keys.extend(key),
            Err(error) if symmetric == SymmetricKeys::Rejected => {
                tracing::warn!(%error, "skipped an invalid key in a JSON Web Key Set");
                skipped = skipped.or(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
    if keys.is_empty() {
        return Err(skipped.unwrap_or(InvalidKey::None));
    }
    Ok(keys)
}

/// Reads one key of a set. Returns `None` if the key is not for signatures with a supported algorithm.
fn read_one(
    number: usize,
    jwk: &RawValue,
    symmetric: SymmetricKeys,
) -> Result<Option<Key>, InvalidKey> {
    let unnamed = KeyName { number, kid: None };
    let jwk: Jwk = strict_json::from_slice(jwk.get().as_bytes()).ok_or(InvalidKey::Rejected(
        unnamed,
        "expected an object with kty, each member once (RFC 7517 4)",
    ))?;
    let Some(algorithm) = jwk.algorithm() else {
        return Ok(None);
    };
    let name = KeyName {
        number,
        kid: jwk.kid.clone(),
    };
    let key = match algorithm {
        _ if jwk.is_private() => {
            Err("it is a private key, expected its public part (RFC 7517 9.2)")
        }
        Algorithm::Hs256 if symmetric == SymmetricKeys::Rejected => {
            Err("it is a secret, expected public keys only (RFC 7517 9.2)")
        }
        Algorithm::Hs256 => match decode(jwk.k.as_ref()).map(Secret::new) {
            Some(Err(weakness)) => return Err(InvalidKey::Weak(name, weakness)),
            Some(Ok(secret)) => Ok(Key::shared(&secret)),
            None => Err("expected k in base64url (RFC 7518 6.4.1)"),
        },
        Algorithm::Es256 => jwk.p256(),
        Algorithm::EdDsa => match decode(jwk.x.as_ref()) {
            Some(x) => public::ed25519(&x),
            None => Err("expected x in base64url (RFC 8037 2)"),
        },
        Algorithm::Rs256 => match (decode(jwk.n.as_ref()), decode(jwk.e.as_ref())) {
            (Some(n), Some(e)) => public::rsa(&n, &e),
            _ => Err("expected n and e in base64url (RFC 7518 6.3.1)"),
        },
    };
    let key = key.map_err(|reason| InvalidKey::Rejected(name, reason))?;
    Ok(Some(Key { id: jwk.kid, ..key }))
}

impl Jwk {
    /// Returns the algorithm of the key. Returns `None` if it is not supported or if the key is not for signatures.
    fn algorithm(&self) -> Option<Algorithm> {
        let algorithm = match (self.kty.as_str(), self.crv.as_deref()) {
            ("oct", _) => Algorithm::Hs256,
            ("EC", Some("P-256")) => Algorithm::Es256,
            ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
            ("RSA", _) => Algorithm::Rs256,
            _ => return None,
        };
        let is_for_signatures = self.purpose.as_ref().is_none_or(|purpose| purpose == "sig");
        let is_for_verifying = self
            .key_ops
            .as_ref()
            .is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        let is_for_algorithm = self
            .alg
            .as_ref()
            .is_none_or(|alg| alg.parse() == Ok(algorithm));
        (is_for_signatures && is_for_verifying && is_for_algorithm).then_some(algorithm)
    }

    /// Returns whether the key has private members (RFC 7518 6.2.2, 6.3.2, 6.4.1, RFC 8037 2). A symmetric key always has the
    /// private member `k`.
    fn is_private(&self) -> bool {
        let is_asymmetric = self.kty != "oct";
        is_asymmetric && self.k.is_some()
            || ["d", "p", "q", "dp", "dq", "qi", "oth"]
                .iter()
                .any(|name| self.others.contains_key(*name))
    }

    fn p256(&self) -> Result<Key, Reason> {
        // Coordinates have their full length, including leading zeros (RFC 7518 6.2.1.2).
        let coordinate =
            |text: &Option<String>| decode(text.as_ref()).filter(|bytes| bytes.len() == 32);
        match (coordinate(&self.x), coordinate(&self.y)) {
            (Some(x), Some(y)) => public::p256(&[&[4], &x[..], &y[..]].concat()),
            _ => Err("expected x and y of 32 bytes each in base64url (RFC 7518 6.2.1)"),
        }
    }
}

fn decode(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}
