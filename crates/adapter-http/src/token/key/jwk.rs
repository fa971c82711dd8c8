//! JSON Web Keys (RFC 7517) with the parameters of RFC 7518 and RFC 8037.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{InvalidKey, Key, Secret, SymmetricKeys, public};
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
    d: Option<String>,
}

pub(super) fn read(json: &[u8], symmetric: SymmetricKeys) -> Result<Vec<Key>, InvalidKey> {
    let set: JwkSet<'_> = serde_json::from_slice(json).map_err(|_| InvalidKey::Jwks)?;
    let (mut keys, mut skipped) = (Vec::new(), None);
    for (number, jwk) in (1..).zip(set.keys) {
        match key(number, jwk, symmetric) {
            Ok(key) => keys.extend(key),
            Err(error) if symmetric == SymmetricKeys::Rejected => {
                tracing::warn!(%error, "skipped a key of a set");
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

/// Reads one key of a set, if it is for signatures that are known here.
fn key(number: usize, jwk: &RawValue, symmetric: SymmetricKeys) -> Result<Option<Key>, InvalidKey> {
    let malformed = |why| InvalidKey::Jwk(number, why);
    let jwk: Jwk = strict_json::from_slice(jwk.get().as_bytes())
        .ok_or(malformed("expected an object with kty"))?;
    let Some(algorithm) = jwk.algorithm() else {
        return Ok(None);
    };
    if algorithm == Algorithm::Hs256 && symmetric == SymmetricKeys::Rejected {
        return Err(malformed("a secret has no place in a set of public keys"));
    }
    if jwk.d.is_some() {
        return Err(malformed("it is a private key, expected its public part"));
    }
    let key = match algorithm {
        Algorithm::Hs256 => {
            let bytes = decode(jwk.k.as_ref()).ok_or(malformed("expected k in base64url"))?;
            Key::shared(&Secret::new(bytes).map_err(|weak| InvalidKey::Weak(number, weak))?)
        }
        Algorithm::Es256 => jwk
            .p256()
            .ok_or(malformed("expected x and y of a point of P-256"))?,
        Algorithm::EdDsa => decode(jwk.x.as_ref())
            .and_then(|x| public::ed25519(&x))
            .ok_or(malformed("expected x of Ed25519"))?,
        Algorithm::Rs256 => jwk.rsa().ok_or(malformed(
            "expected n and e of an RSA key with 2048 to 8192 bits",
        ))?,
    };
    Ok(Some(Key { id: jwk.kid, ..key }))
}

impl Jwk {
    /// What the key is for, if it is for signatures that are known here.
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

    fn p256(&self) -> Option<Key> {
        let (x, y) = (decode(self.x.as_ref())?, decode(self.y.as_ref())?);
        // Together they could be of the right length where neither is.
        let point = [&[4], &x[..], &y[..]].concat();
        (x.len() == y.len()).then(|| public::p256(&point))?
    }

    fn rsa(&self) -> Option<Key> {
        public::rsa(&decode(self.n.as_ref())?, &decode(self.e.as_ref())?)
    }
}

fn decode(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}
