//! The signer, which creates tokens like those of the sign-in service.

use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header};
use serde::{Serialize, Serializer};
use wts_domain::Access;

use super::{Secret, TokenSettings, algorithm::Algorithm, claims::MAX_EXP};

/// A signer of tokens for development, administrators and the demo.
pub struct TokenSigner {
    key: EncodingKey,
    settings: TokenSettings,
}

impl TokenSigner {
    /// Creates a signer. A [`TokenVerifier`](super::TokenVerifier) with the same secret and settings accepts its
    /// tokens.
    pub fn new(secret: &Secret, settings: TokenSettings) -> Self {
        Self {
            key: EncodingKey::from_secret(secret.expose()),
            settings,
        }
    }

    /// Returns a token for `subject`. It is valid from `issued_at`, in seconds since 1970, for `lifetime`.
    ///
    /// # Errors
    ///
    /// Returns [`SigningFailed`] if the claims cannot be serialized or signed.
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

/// The person whom a token identifies, with the claims of the sign-in service.
#[derive(Debug, Clone, Serialize)]
pub struct TokenSubject {
    /// The id of the person in the sign-in service.
    pub openid: String,
    /// The student number of the person, empty if they have none.
    pub sid: String,
    /// The user name of the person.
    pub username: String,
    /// The URL of the person's avatar.
    pub avatar: String,
    /// The rank of the person.
    #[serde(serialize_with = "as_name")]
    pub access: Access,
    /// The full name of the person.
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

/// The error if a token cannot be signed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningFailed(#[source] jsonwebtoken::errors::Error);
