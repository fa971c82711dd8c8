//! Tokens as the sign-in service makes them.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer};
use wts_domain::Access;

use super::{Secret, TokenSettings, claims::MAX_EXP};

/// Signs tokens, for development, administrators and the demo.
pub struct TokenSigner {
    key: hmac::Key,
    settings: TokenSettings,
}

impl TokenSigner {
    /// Creates a signer of tokens that a [`TokenVerifier`](super::TokenVerifier) with this secret and these settings accepts.
    pub fn new(secret: &Secret, settings: TokenSettings) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.expose()),
            settings,
        }
    }

    /// Returns a token for `subject`, valid from `issued_at`, in seconds since 1970, for `lifetime`.
    ///
    /// # Errors
    ///
    /// [`SigningFailed`] if the claims cannot be written.
    pub fn sign(
        &self,
        subject: &TokenSubject,
        issued_at: i64,
        lifetime: Duration,
    ) -> Result<String, SigningFailed> {
        let claims = Claims {
            subject,
            iss: self.settings.issuer.as_deref(),
            aud: self.settings.audience.as_deref(),
            iat: issued_at,
            exp: issued_at
                .saturating_add_unsigned(lifetime.as_secs())
                .min(MAX_EXP),
        };
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256"}"#);
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).map_err(SigningFailed)?);
        let message = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, message.as_bytes()));
        Ok(format!("{message}.{signature}"))
    }
}

/// The claims that the sign-in service knows of a person.
#[derive(Debug, Clone, Serialize)]
pub struct TokenSubject {
    /// The sign-in service's own id.
    pub openid: String,
    /// The student number, empty for those who have none.
    pub sid: String,
    /// What they sign in as.
    pub username: String,
    /// The address of a picture.
    pub avatar: String,
    /// Their rank.
    #[serde(serialize_with = "as_name")]
    pub access: Access,
    /// Their name.
    pub name: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    #[serde(flatten)]
    subject: &'a TokenSubject,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    iat: i64,
    exp: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
fn as_name<S: Serializer>(access: &Access, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(access.as_str())
}

/// A token that could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningFailed(#[source] serde_json::Error);
