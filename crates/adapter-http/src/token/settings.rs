//! What tokens are checked against.

use secrecy::{ExposeSecret, SecretSlice};

/// RFC 7518 3.2: a key of the size of the hash output or larger.
const LEAST_SECRET: usize = 32;

/// What tokens are signed with and whom they must name.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// The secret that the sign-in service shares with this one, 32 bytes or more.
    pub secret: SecretSlice<u8>,
    /// The `iss` that every token must have; `None` lets any pass, and tokens without.
    pub issuer: Option<String>,
    /// What a token that has an `aud` must name in it; `None` refuses every token that has one.
    pub audience: Option<String>,
}

impl TokenSettings {
    /// The secret, if it is long enough to sign with.
    pub(super) fn strong_secret(&self) -> Result<&[u8], WeakSecret> {
        let secret = self.secret.expose_secret();
        if secret.len() < LEAST_SECRET {
            return Err(WeakSecret {
                bytes: secret.len(),
            });
        }
        Ok(secret)
    }
}

/// A secret that is too short to sign with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret has {bytes} bytes, expected {LEAST_SECRET} or more (openssl rand -hex 32 makes one)"
)]
pub struct WeakSecret {
    /// How many bytes it has.
    pub bytes: usize,
}
