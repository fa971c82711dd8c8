//! Verifies a token and returns its caller.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use wts_domain::{Access, Caller, StudentId};

use super::{Keyring, TokenSettings, claims::Claims, error::TokenError, header::Header};

/// A longer token is rejected before it is decoded. Tokens of the sign-in service are much shorter.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Verifies tokens. One verifier serves all requests.
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

    /// Returns the caller whom `token` names, at `now`, in seconds since 1970.
    ///
    /// An `access` that does not name a rank is [`Access::Unregistered`]: the token is valid, but it permits nothing.
    ///
    /// # Errors
    ///
    /// [`TokenError`] if any check of the token fails.
    pub fn verify(&self, token: &str, now: i64) -> Result<Caller, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        if claims.contains('.') {
            return Err(TokenError::Malformed);
        }
        // Nothing of the claims is read before the signature has been verified.
        let header = Header::read(&decode(header)?)?;
        self.keys.current().verify(&header, message, signature)?;
        let claims = Claims::read(&decode(claims)?, &self.settings, now)?;
        Ok(Caller::new(
            StudentId::from(claims.sid),
            Access::from_claim(&claims.access),
        ))
    }

    /// Verifies `token`, and if it names an unknown key, reads the sources of keys again and verifies it once more.
    ///
    /// # Errors
    ///
    /// As [`TokenVerifier::verify`].
    pub async fn verify_after_refresh(&self, token: &str, now: i64) -> Result<Caller, TokenError> {
        match self.verify(token, now) {
            Err(TokenError::UnknownKey) if self.keys.refresh().await => self.verify(token, now),
            outcome => outcome,
        }
    }

    /// Whether there are sources that further keys may come from.
    pub(crate) fn can_refresh(&self) -> bool {
        self.keys.can_refresh()
    }
}

/// RFC 7515 2: base64url without padding, and of the spellings that decode to the same bytes only the canonical one.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)
}
