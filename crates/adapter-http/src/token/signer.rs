//! Tokens as the sign-in service makes them.

use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header};
use serde::{Serialize, Serializer};
use wts_domain::Access;

use super::{Secret, TokenSettings, algorithm::Algorithm, claims::MAX_EXP};

/// Signs tokens, for development, administrators and the demo.
pub struct TokenSigner {
    key: EncodingKey,
    settings: TokenSettings,
}

impl TokenSigner {
    /// Creates a signer of tokens that a [`TokenVerifier`](super::TokenVerifier) with this secret and these settings accepts.
    pub fn new(secret: &Secret, settings: TokenSettings) -> Self {
        Self {
            key: EncodingKey::from_secret(secret.expose()),
            settings,
        }
    }

    /// Returns a token for `subject`, valid from `issued_at`, in seconds since 1970, for `lifetime`.
    ///
    /// # Errors
    ///
    /// [`SigningFailed`] if the claims cannot be serialized or signed.
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
        let header = Header::new(Algorithm::Hs256.into());
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(SigningFailed)
    }
}

/// The claims of the sign-in service about a person.
#[derive(Debug, Clone, Serialize)]
pub struct TokenSubject {
    /// The sign-in service's own id.
    pub openid: String,
    /// The student number, empty if the person has none.
    pub sid: String,
    /// The name for signing in.
    pub username: String,
    /// The address of a picture.
    pub avatar: String,
    /// The rank.
    #[serde(serialize_with = "as_name")]
    pub access: Access,
    /// The name of the person.
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
pub struct SigningFailed(#[source] jsonwebtoken::errors::Error);
