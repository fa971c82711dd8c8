//! What a token's signature is checked with.

pub(super) mod jwk;
mod pem;

use std::fmt;

use jsonwebtoken::{DecodingKey, crypto};

use super::{Secret, algorithm::Algorithm, error::TokenError, header::Header};

/// How many keys there may be at once. A token that names none of them is tried with all of its algorithm.
const MOST_KEYS: usize = 16;

/// A key and the one algorithm that it is for (RFC 8725 3.1).
#[derive(Clone)]
pub struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    material: DecodingKey,
}

impl Key {
    /// The secret that the sign-in service shares with this one, for HS256. It has no `kid`.
    pub fn shared(secret: &Secret) -> Self {
        Self {
            id: None,
            algorithm: Algorithm::Hs256,
            material: DecodingKey::from_secret(secret.expose()),
        }
    }

    /// The public keys in a PEM file (RFC 7468), in its order: P-256 for ES256, Ed25519 for EdDSA, RSA of 2048 bits or
    /// more for RS256. They have no `kid`.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if there is none, or anything else beside them.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>, InvalidKey> {
        pem::read(text)
    }

    /// The keys in a JSON Web Key Set (RFC 7517) that are for signatures of an algorithm which is known here; the others
    /// are passed over, as RFC 7517 5 has it. So is, with a warning, what is malformed or weak in a set of others', where
    /// secrets are refused: a mistake over one key shall not cost them the rest.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if there is none, or one of a set of our own is malformed or weak.
    pub fn from_jwks(json: &[u8], secrets: Secrets) -> Result<Vec<Self>, InvalidKey> {
        jwk::read(json, secrets, Secret::new)
    }

    fn verifies(&self, message: &str, signature: &str) -> bool {
        crypto::verify(
            signature,
            message.as_bytes(),
            &self.material,
            self.algorithm.jwa(),
        )
        .unwrap_or(false)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.id)
            .field("alg", &self.algorithm.name())
            .finish_non_exhaustive()
    }
}

/// Whether a key set may hold secrets, which whoever reads it could sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Among them may be secrets for HS256: the set is a file that only this service and the sign-in service can read.
    Allowed,
    /// Public keys only: the set comes from somewhere that others can ask too.
    Refused,
}

/// All keys at a time.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// # Errors
    ///
    /// [`InvalidKey`] if there are none or too many.
    pub(super) fn new(keys: Vec<Key>) -> Result<Self, InvalidKey> {
        match keys.len() {
            0 => Err(InvalidKey::None),
            1..=MOST_KEYS => Ok(Self(keys)),
            _ => Err(InvalidKey::TooMany),
        }
    }

    /// Our keys, and of others' as many as there is room for.
    ///
    /// # Errors
    ///
    /// As [`Keys::new`], where ours alone are too many.
    pub(super) fn with_room_for(
        mut keys: Vec<Key>,
        others: impl Iterator<Item = Key>,
    ) -> Result<Self, InvalidKey> {
        let mut others = others.fuse();
        keys.extend(others.by_ref().take(MOST_KEYS.saturating_sub(keys.len())));
        let left_out = others.count();
        if left_out > 0 {
            tracing::warn!(
                left_out,
                "there are more keys than the {MOST_KEYS} that are taken"
            );
        }
        Self::new(keys)
    }

    /// Checks a signature with the keys that may have made it. Those are for the token's algorithm. If it names a key that
    /// has its `kid`, they are that one; if it names none, they are all; and if it names one that nobody knows, they are
    /// those that have no name themselves.
    pub(super) fn verify(
        &self,
        header: &Header<'_>,
        message: &str,
        signature: &str,
    ) -> Result<(), TokenError> {
        let kid = header.kid.as_deref();
        let is_known = kid.is_some() && self.0.iter().any(|key| key.id.as_deref() == kid);
        let mut of_algorithm = self
            .0
            .iter()
            .filter(|key| key.algorithm.name() == header.alg)
            .peekable();
        if of_algorithm.peek().is_none() {
            return Err(match kid {
                // Keys that are not here yet may be for other algorithms.
                Some(_) if !is_known && Algorithm::is_asymmetric(&header.alg) => {
                    TokenError::UnknownKey
                }
                _ => TokenError::AnotherAlgorithm,
            });
        }
        let mut candidates = of_algorithm
            .filter(|key| match kid {
                None => true,
                Some(_) if is_known => key.id.as_deref() == kid,
                Some(_) => key.id.is_none(),
            })
            .peekable();
        if candidates.peek().is_none() && !is_known {
            return Err(TokenError::UnknownKey);
        }
        candidates
            .any(|key| key.verifies(message, signature))
            .then_some(())
            .ok_or(TokenError::Signature)
    }
}

/// Why keys cannot be used. Never quotes them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// There is no key at all, or none for signatures that are known here.
    #[error("there is no key for HS256, ES256, EdDSA or RS256 in it")]
    None,
    /// There are more than anybody needs.
    #[error("there are more than {MOST_KEYS} keys in it")]
    TooMany,
    /// Not PEM.
    #[error("expected public keys in PEM, -----BEGIN PUBLIC KEY-----")]
    Pem,
    /// PEM of something else.
    #[error("expected public keys only (openssl pkey -pubout writes one), not {0}")]
    NotPublic(&'static str),
    /// A public key, but none that tokens can be signed with.
    #[error("expected a public key on P-256, of Ed25519, or of RSA with 2048 to 8192 bits")]
    Unsuitable,
    /// Not a key set.
    #[error("expected a JSON Web Key Set, {{\"keys\": […]}}")]
    Jwks,
    /// A key of the set that is not as RFC 7517 and RFC 7518 have it.
    #[error("key {0} of the set is malformed: {1}")]
    Jwk(usize, &'static str),
    /// A key of the set that could be guessed.
    #[error("key {0} of the set is weak: {1}")]
    Weak(usize, super::WeakSecret),
}

#[cfg(test)]
mod tests;
