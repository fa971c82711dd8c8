//! JSON Web Keys (RFC 7517) with the parameters of RFC 7518 and RFC 8037.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use super::{InvalidKey, Key, Secrets, pem::rsa_key};
use crate::token::{Secret, WeakSecret, algorithm::Algorithm};

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
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
    d: Option<Value>,
}

/// What makes a secret of bytes that are good enough.
type Take = fn(Vec<u8>) -> Result<Secret, WeakSecret>;

/// Reads a set. Whoever published it where anybody can ask may have put in what is not for us, and whoever wrote a file for us
/// has not.
pub(in crate::token) fn read(
    json: &[u8],
    secrets: Secrets,
    take: Take,
) -> Result<Vec<Key>, InvalidKey> {
    let set: Set = serde_json::from_slice(json).map_err(|_| InvalidKey::Jwks)?;
    let (mut keys, mut passed_over) = (Vec::new(), None);
    for (number, value) in (1..).zip(set.keys) {
        match key(number, value, secrets, take) {
            Ok(key) => keys.extend(key),
            Err(wrong) if secrets == Secrets::Refused => {
                tracing::warn!(%wrong, "a key of a set is passed over");
                passed_over = passed_over.or(Some(wrong));
            }
            Err(wrong) => return Err(wrong),
        }
    }
    if keys.is_empty() {
        return Err(passed_over.unwrap_or(InvalidKey::None));
    }
    Ok(keys)
}

/// One key of a set, if it is for signatures that are known here.
fn key(
    number: usize,
    value: Value,
    secrets: Secrets,
    take: Take,
) -> Result<Option<Key>, InvalidKey> {
    let malformed = |why| InvalidKey::Jwk(number, why);
    let jwk = Jwk::deserialize(value).map_err(|_| malformed("expected an object with kty"))?;
    let Some(algorithm) = jwk.algorithm() else {
        return Ok(None);
    };
    let material = match algorithm {
        Algorithm::Hs256 if secrets == Secrets::Refused => {
            return Err(malformed("a secret has no place in a set of public keys"));
        }
        _ if jwk.d.is_some() => {
            return Err(malformed("it is a private key, expected its public part"));
        }
        Algorithm::Hs256 => {
            let bytes = part(jwk.k.as_ref()).ok_or(malformed("expected k in base64url"))?;
            let secret = take(bytes).map_err(|weak| InvalidKey::Weak(number, weak))?;
            DecodingKey::from_secret(secret.expose())
        }
        Algorithm::Es256 => jwk
            .p256()
            .ok_or(malformed("expected x and y of a point of P-256"))?,
        Algorithm::EdDsa => jwk.ed25519().ok_or(malformed("expected x of Ed25519"))?,
        Algorithm::Rs256 => jwk.rsa().ok_or(malformed(
            "expected n and e of an RSA key with 2048 to 8192 bits",
        ))?,
    };
    Ok(Some(Key {
        id: jwk.kid,
        algorithm,
        material,
    }))
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
        let is_for_signatures = self
            .purpose
            .as_deref()
            .is_none_or(|purpose| purpose == "sig")
            && self
                .key_ops
                .as_ref()
                .is_none_or(|operations| operations.iter().any(|known| known == "verify"));
        // RFC 9864 calls EdDSA with this curve by the curve's name.
        let is_for_this = self.alg.as_deref().is_none_or(|alg| {
            alg == algorithm.name() || algorithm == Algorithm::EdDsa && alg == "Ed25519"
        });
        (is_for_signatures && is_for_this).then_some(algorithm)
    }

    fn p256(&self) -> Option<DecodingKey> {
        let (x, y) = (part(self.x.as_ref())?, part(self.y.as_ref())?);
        // RFC 7518 6.2.1.2: of full length, zeros in front included.
        if x.len() != 32 || y.len() != 32 {
            return None;
        }
        let point = [&[4], &x[..], &y[..]].concat();
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).ok()?;
        Some(DecodingKey::from_ec_der(&point))
    }

    fn ed25519(&self) -> Option<DecodingKey> {
        let x = part(self.x.as_ref()).filter(|x| x.len() == 32)?;
        ParsedPublicKey::new(&ED25519, &x).ok()?;
        Some(DecodingKey::from_ed_der(&x))
    }

    fn rsa(&self) -> Option<DecodingKey> {
        rsa_key(&part(self.n.as_ref())?, &part(self.e.as_ref())?)
    }
}

fn part(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}
