//! Functions that create keys and signed tokens, including invalid ones.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::AsDer,
    hmac,
    rand::SystemRandom,
    rsa,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    },
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

pub(in crate::token) const SECRET: &[u8] = b"a secret of more than the 32 bytes that HS256 needs";

pub(in crate::token) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns a token with any header and claims, signed with the shared secret.
pub(in crate::token) fn signed(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    signed_with(SECRET, header, claims)
}

/// Returns a token with any header and claims, signed with this secret.
pub(in crate::token) fn signed_with(
    secret: &[u8],
    header: impl AsRef<[u8]>,
    claims: impl AsRef<[u8]>,
) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let signature = hmac(hmac::HMAC_SHA256, secret, &message);
    format!("{message}.{signature}")
}

pub(in crate::token) fn hmac(algorithm: hmac::Algorithm, secret: &[u8], message: &str) -> String {
    base64url(hmac::sign(
        &hmac::Key::new(algorithm, secret),
        message.as_bytes(),
    ))
}

/// A key pair for each public-key algorithm. All tests share one, because generating an RSA key is slow.
pub(in crate::token) struct Pairs {
    pub(in crate::token) es256: EcdsaKeyPair,
    pub(in crate::token) eddsa: Ed25519KeyPair,
    pub(in crate::token) rs256: rsa::KeyPair,
}

pub(in crate::token) static PAIRS: LazyLock<Pairs> = LazyLock::new(|| Pairs {
    es256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
    eddsa: Ed25519KeyPair::generate().unwrap(),
    rs256: rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap(),
});

impl Pairs {
    /// Returns a token that is signed with the private key for this algorithm.
    pub(in crate::token) fn sign(&self, alg: &str, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", base64url(header), base64url(claims));
        let (random, bytes) = (SystemRandom::new(), message.as_bytes());
        let signature = match alg {
            "ES256" => self.es256.sign(&random, bytes).unwrap().as_ref().to_vec(),
            "EdDSA" => self.eddsa.sign(bytes).as_ref().to_vec(),
            _ => {
                let mut signature = vec![0; self.rs256.public_modulus_len()];
                self.rs256
                    .sign(&RSA_PKCS1_SHA256, &random, bytes, &mut signature)
                    .unwrap();
                signature
            }
        };
        format!("{message}.{}", base64url(signature))
    }

    /// Returns the public key for this algorithm in DER.
    pub(in crate::token) fn der(&self, alg: &str) -> Vec<u8> {
        match alg {
            "ES256" => self.es256.public_key().as_der().unwrap().as_ref().to_vec(),
            "EdDSA" => self.eddsa.public_key().as_der().unwrap().as_ref().to_vec(),
            _ => self.rs256.public_key().as_der().unwrap().as_ref().to_vec(),
        }
    }

    /// Returns the public key for this algorithm in PEM.
    pub(in crate::token) fn pem(&self, alg: &str) -> String {
        pem("PUBLIC KEY", &self.der(alg))
    }

    /// Returns the three public keys as a JSON Web Key Set. The `kid` of each key is the name of its algorithm.
    pub(in crate::token) fn jwks(&self) -> String {
        let point = self.es256.public_key().as_ref();
        let rsa = self.rs256.public_key();
        serde_json::json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": "ES256", "use": "sig", "alg": "ES256",
             "x": base64url(&point[1..33]), "y": base64url(&point[33..])},
            {"kty": "OKP", "crv": "Ed25519", "kid": "EdDSA", "key_ops": ["verify"],
             "x": base64url(self.eddsa.public_key())},
            {"kty": "RSA", "kid": "RS256",
             "n": base64url(rsa.modulus().big_endian_without_leading_zero()),
             "e": base64url(rsa.exponent().big_endian_without_leading_zero())},
        ]})
        .to_string()
    }
}

pub(in crate::token) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
