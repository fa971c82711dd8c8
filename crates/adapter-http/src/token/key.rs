//! The keys that tokens are verified with.
//!
//! The modules here check each key before `jsonwebtoken` gets it: libraries accept keys that are for another algorithm,
//! hold more than a public key, or have signatures that can be forged. `jsonwebtoken` then verifies the signature only,
//! since its `decode` ignores `crit`.

pub(super) mod jwk;
mod pem;
mod public;

use std::{collections::BTreeSet, fmt};

use jsonwebtoken::{DecodingKey, crypto};

use super::{Secret, WeakSecret, algorithm::Algorithm, error::TokenError, header::Header};

/// The largest number of keys in use. A token without a `kid` is verified with each key for its algorithm.
pub(super) const MAX_KEYS: usize = 16;

/// A key and the one algorithm that it is for (RFC 8725 3.1).
#[derive(Clone)]
pub struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    material: DecodingKey,
}

impl Key {
    /// Returns the secret that the sign-in service shares with this one, for HS256. It has no `kid`.
    pub fn shared(secret: &Secret) -> Self {
        Self::from_secret(secret.expose())
    }

    pub(super) fn from_secret(secret: &[u8]) -> Self {
        Self {
            id: None,
            algorithm: Algorithm::Hs256,
            material: DecodingKey::from_secret(secret),
        }
    }

    fn public(algorithm: Algorithm, material: DecodingKey) -> Self {
        Self {
            id: None,
            algorithm,
            material,
        }
    }

    /// Reads the public keys in a PEM file (RFC 7468), in its order: P-256 for ES256, Ed25519 for EdDSA, RSA of 2048 bits
    /// or more for RS256. They have no `kid`.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if the file has no key, or has anything else.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>, InvalidKey> {
        pem::read(text)
    }

    /// Reads the signature keys of a JSON Web Key Set (RFC 7517), and skips keys for unsupported algorithms or other
    /// purposes (RFC 7517 5). In a set of public keys only, it also skips each malformed or weak key with a warning, so
    /// that the others stay in use.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if no key is left, or if a key of a set that may hold secrets is malformed or weak.
    pub fn from_jwks(json: &[u8], symmetric: SymmetricKeys) -> Result<Vec<Self>, InvalidKey> {
        jwk::read(json, symmetric)
    }

    /// Verifies a signature in base64url.
    fn verifies(&self, message: &[u8], signature: &str) -> bool {
        crypto::verify(signature, message, &self.material, self.algorithm.into()).unwrap_or(false)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.id)
            .field("alg", &<&str>::from(self.algorithm))
            .finish_non_exhaustive()
    }
}

/// Whether a key set may hold secrets. Every reader of a secret can sign with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymmetricKeys {
    /// The set may hold secrets for HS256: it is a file that only this service and the sign-in service can read.
    Allowed,
    /// The set holds public keys only, since it is published.
    Rejected,
}

/// The keys in use.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// # Errors
    ///
    /// [`InvalidKey`] if there are none or too many.
    pub(super) fn new(keys: Vec<Key>) -> Result<Self, InvalidKey> {
        match keys.len() {
            0 => Err(InvalidKey::None),
            1..=MAX_KEYS => Ok(Self(keys)),
            _ => Err(InvalidKey::TooMany),
        }
    }

    /// Returns each `kid` that several keys of one algorithm have. RFC 7517 4.5: the keys of a set have different ones.
    pub(super) fn duplicate_kids(&self) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        self.0
            .iter()
            .filter_map(|key| Some((<&str>::from(key.algorithm), key.id.as_deref()?)))
            .filter(|key| !seen.insert(*key))
            .map(|(_, kid)| kid)
            .collect()
    }

    /// Verifies a signature with the keys for the token's algorithm. If the token has a `kid`, only the keys with this `kid`
    /// are used, and if no key has it, the keys without a `kid`.
    pub(super) fn verify(
        &self,
        header: &Header,
        message: &str,
        signature: &str,
    ) -> Result<(), TokenError> {
        let kid = header.kid.as_deref();
        let is_known = kid.is_some() && self.0.iter().any(|key| key.id.as_deref() == kid);
        let is_unknown = kid.is_some() && !is_known;
        let for_algorithm = self
            .0
            .iter()
            .filter(|key| key.algorithm == header.algorithm);
        if for_algorithm.clone().next().is_none() {
            // A refresh of the JWKS may add a public key for it.
            let may_come = is_unknown && header.algorithm != Algorithm::Hs256;
            return Err(if may_come {
                TokenError::UnknownKey
            } else {
                TokenError::AlgorithmNotAllowed
            });
        }
        let mut candidates = for_algorithm
            .filter(|key| kid.is_none() || key.id.as_deref() == kid.filter(|_| is_known))
            .peekable();
        if candidates.peek().is_none() && is_unknown {
            return Err(TokenError::UnknownKey);
        }
        candidates
            .any(|key| key.verifies(message.as_bytes(), signature))
            .then_some(())
            .ok_or(TokenError::Signature)
    }
}

/// The reason for which keys are rejected. The texts never quote a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the texts are the documentation")]
pub enum InvalidKey {
    #[error("there is no key for HS256, ES256, EdDSA or RS256 in it")]
    None,
    #[error("there are more than {MAX_KEYS} keys in it")]
    TooMany,
    #[error("expected public keys in PEM, -----BEGIN PUBLIC KEY-----")]
    Pem,
    #[error("expected public keys only (openssl pkey -pubout writes one), not {0}")]
    NotPublic(&'static str),
    #[error("expected a JSON Web Key Set, {{\"keys\": […]}}")]
    Jwks,
    #[error("{0} is rejected: {1}")]
    Rejected(KeyName, &'static str),
    #[error("{0} is weak: {1}")]
    Weak(KeyName, WeakSecret),
}

/// The name of a key in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    /// The position in the file or set, from 1.
    pub number: usize,
    /// The `kid`, if it has one.
    pub kid: Option<String>,
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} of the set", self.number)?;
        match &self.kid {
            Some(kid) => write!(f, " (kid {:?})", kid.chars().take(64).collect::<String>()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
