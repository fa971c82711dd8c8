//! The keys with which tokens are verified.
//!
//! These modules check each key before it is passed to `jsonwebtoken`. Cryptographic libraries accept keys for another
//! algorithm, private keys, and keys whose signatures can be forged. `jsonwebtoken` verifies only the signature: its
//! function `decode` is not used, because it ignores `crit`.

pub(super) mod jwk;
mod pem;
mod public;

use std::{collections::BTreeSet, fmt};

use jsonwebtoken::{DecodingKey, crypto};

use super::{Secret, WeakSecret, algorithm::Algorithm, error::TokenError, header::Header};

/// The maximum number of keys. A token without a `kid` is verified with every key for its algorithm.
pub(super) const MAX_KEYS: usize = 16;

/// A key for exactly one algorithm (RFC 8725 3.1).
#[derive(Clone)]
pub struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    material: DecodingKey,
}

impl Key {
    /// Returns the HS256 key for the secret that this service shares with the sign-in service. It has no `kid`.
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

    /// Reads the public keys in a PEM file (RFC 7468), in the order of the file: P-256 for ES256, Ed25519 for EdDSA,
    /// RSA with at least 2048 bits for RS256. The keys have no `kid`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] if the file contains no key, or anything other than public keys.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>, InvalidKey> {
        pem::read(text)
    }

    /// Reads the signature keys of a JSON Web Key Set (RFC 7517). Keys for unsupported algorithms or other purposes are
    /// skipped (RFC 7517 5).
    ///
    /// In a set of public keys, each malformed or weak key is also skipped, with a warning, so that the other keys can
    /// be used.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] if all keys were skipped, or if the set can contain secrets and a key is malformed or
    /// weak.
    pub fn from_jwks(json: &[u8], symmetric: SymmetricKeys) -> Result<Vec<Self>, InvalidKey> {
        jwk::read(json, symmetric)
    }

    /// Verifies a signature, given in base64url.
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

/// Whether a key set can contain secrets. Anyone who can read a secret can sign tokens with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymmetricKeys {
    /// The set can contain secrets for HS256. It is a file that only this service and the sign-in service can read.
    Allowed,
    /// The set can contain public keys only, because it is published.
    Rejected,
}

/// The set of keys that are in use.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Creates a set of keys.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] if `keys` is empty or has too many keys.
    pub(super) fn new(keys: Vec<Key>) -> Result<Self, InvalidKey> {
        match keys.len() {
            0 => Err(InvalidKey::None),
            1..=MAX_KEYS => Ok(Self(keys)),
            _ => Err(InvalidKey::TooMany),
        }
    }

    /// Returns each `kid` that several keys for the same algorithm have. The keys of a set should have different ones
    /// (RFC 7517 4.5).
    pub(super) fn duplicate_kids(&self) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        self.0
            .iter()
            .filter_map(|key| Some((<&str>::from(key.algorithm), key.id.as_deref()?)))
            .filter(|key| !seen.insert(*key))
            .map(|(_, kid)| kid)
            .collect()
    }

    /// Verifies a signature with the keys for the token's algorithm. If a key has the token's `kid`, only the keys with
    /// this `kid` are used. If no key has it, only the keys without a `kid` are used.
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
            // A JWKS refresh can add a public key with this `kid`.
            let can_be_added = is_unknown && header.algorithm != Algorithm::Hs256;
            return Err(if can_be_added {
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

/// The reason why keys are rejected. The messages never contain a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the texts are the documentation")]
pub enum InvalidKey {
    #[error("expected a key for HS256, ES256, EdDSA or RS256, found none")]
    None,
    #[error("expected {MAX_KEYS} keys or fewer, found more")]
    TooMany,
    #[error("expected public keys in PEM, -----BEGIN PUBLIC KEY-----")]
    Pem,
    #[error("expected public keys only (openssl pkey -pubout writes one), found {0}")]
    NotPublic(&'static str),
    #[error("expected a JSON Web Key Set, {{\"keys\": […]}}")]
    Jwks,
    #[error("{0} is rejected: {1}")]
    Rejected(KeyName, &'static str),
    #[error("{0} is weak: {1}")]
    Weak(KeyName, WeakSecret),
}

/// The name of a key in messages: its number and its `kid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    /// The position of the key in the file or set, counted from 1.
    pub number: usize,
    /// The `kid` of the key, if it has one.
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
