//! The verifier of tokens, which returns the caller.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use wts_domain::{Access, Caller, StudentId};

use super::{Keyring, TokenSettings, claims::Claims, error::TokenError, header::Header};

/// The maximum length of a token. A longer token is rejected before it is decoded; tokens of the sign-in service are
/// much shorter.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A verifier of tokens, which all requests share.
#[derive(Clone)]
pub struct TokenVerifier {
    pub(super) keys: Keyring,
    settings: TokenSettings,
}

impl TokenVerifier {
    /// Creates a verifier of tokens that are signed with one of `keys`.
    pub fn new(keys: Keyring, settings: TokenSettings) -> Self {
        Self { keys, settings }
    }

    /// Returns the caller whom `token` identifies. `now` is the current time in seconds since 1970.
    ///
    /// If `access` is not the name of a rank, the token is valid, but the caller has the rank
    /// [`Access::Unregistered`], which has no access.
    ///
    /// # Errors
    ///
    /// Returns [`TokenError`] if a check of the token fails.
    pub fn verify(&self, token: &str, now: i64) -> Result<Caller, TokenError> {
        let claims = self.verified_claims(token, now)?;
        Ok(Caller::new(
            StudentId::from(claims.sid),
            Access::from_claim(&claims.access),
        ))
    }

    /// Verifies `token`, and returns the time until it expires.
    ///
    /// # Errors
    ///
    /// Returns [`TokenError`] in the same cases as [`TokenVerifier::verify`].
    pub(crate) fn verify_remaining(&self, token: &str, now: i64) -> Result<Duration, TokenError> {
        Ok(self.verified_claims(token, now)?.remaining(now))
    }

    fn verified_claims(&self, token: &str, now: i64) -> Result<Claims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        if claims.contains('.') {
            return Err(TokenError::Malformed);
        }
        // The claims are not parsed before the signature has been verified.
        let header = Header::read(&decode(header)?)?;
        self.keys.current().verify(&header, message, signature)?;
        Claims::read(&decode(claims)?, &self.settings, now)
    }

    /// Verifies `token`. If its key is unknown, reads the sources of keys again and verifies the token once more.
    ///
    /// # Errors
    ///
    /// Returns [`TokenError`] in the same cases as [`TokenVerifier::verify`].
    pub async fn verify_after_refresh(&self, token: &str, now: i64) -> Result<Caller, TokenError> {
        match self.verify(token, now) {
            Err(TokenError::UnknownKey) if self.keys.refresh().await => self.verify(token, now),
            outcome => outcome,
        }
    }

    /// Returns whether there are sources from which more keys can be read.
    pub(crate) fn can_refresh(&self) -> bool {
        self.keys.can_refresh()
    }
}

/// Decodes base64url without padding (RFC 7515 2). Noncanonical encodings are rejected.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)
}
