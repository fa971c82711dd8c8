//! From a token to who calls.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use wts_domain::{Access, Caller, StudentId};

use super::{Keyring, TokenSettings, claims::Claims, error::TokenError, header::Header};

/// No token of the sign-in service's comes near it; what is longer is not even decoded. In bytes.
const LONGEST: usize = 8 * 1024;

/// Tells from a token who calls. Made once, used for every request.
#[derive(Clone)]
pub struct TokenVerifier {
    pub(super) keys: Keyring,
    settings: TokenSettings,
}

impl TokenVerifier {
    /// A verifier that believes tokens which are signed with one of these keys.
    pub fn new(keys: Keyring, settings: TokenSettings) -> Self {
        Self { keys, settings }
    }

    /// The caller whom `token` names, at `now`, in seconds since 1970.
    ///
    /// An `access` that is no rank is that of [`Access::Unregistered`]: the token is good, its bearer may do nothing.
    ///
    /// # Errors
    ///
    /// [`TokenError`] for every token that is not good in every way.
    pub fn verify(&self, token: &str, now: i64) -> Result<Caller, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Shape)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Shape)?;
        if claims.contains('.') {
            return Err(TokenError::Shape);
        }
        // Nothing of the claims is read before the signature is known to be good.
        let header = decode(header)?;
        self.keys
            .current()
            .verify(&Header::read(&header)?, message, signature)?;
        let claims = decode(claims)?;
        let claims = Claims::read(&claims, &self.settings, now)?;
        Ok(Caller::new(
            StudentId::from(claims.sid.as_ref()),
            Access::from_claim(&claims.access),
        ))
    }

    /// The same, and where a token names a key that is not there, looks for it once more where keys come from.
    ///
    /// # Errors
    ///
    /// As [`TokenVerifier::verify`].
    pub async fn verify_with_new_keys(&self, token: &str, now: i64) -> Result<Caller, TokenError> {
        match self.verify(token, now) {
            Err(TokenError::UnknownKey) if self.keys.look_again().await => self.verify(token, now),
            outcome => outcome,
        }
    }

    /// Whether keys may come that are not there yet.
    pub(crate) fn may_get_new_keys(&self) -> bool {
        self.keys.may_look_again()
    }
}

/// RFC 7515 2: base64url without padding, and of the spellings that decode to the same bytes only the canonical one.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Shape)
}
