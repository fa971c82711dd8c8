//! Tokens of our own, as the sign-in service would make them.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use wts_domain::Access;

use super::{Secret, TokenSettings, claims::LATEST};

/// Makes tokens, for development, operators and the demo.
pub struct TokenSigner {
    key: EncodingKey,
    settings: TokenSettings,
}

impl TokenSigner {
    /// A signer whose tokens a [`TokenVerifier`](super::TokenVerifier) with this secret and these settings believes.
    pub fn new(secret: &Secret, settings: TokenSettings) -> Self {
        Self {
            key: EncodingKey::from_secret(secret.expose()),
            settings,
        }
    }

    /// A token for this person, from `issued_at`, in seconds since 1970, for as long as `lifetime`.
    ///
    /// # Errors
    ///
    /// [`SigningFailed`] if the cryptographic library would not sign.
    pub fn sign(
        &self,
        identity: &Identity,
        issued_at: i64,
        lifetime: Duration,
    ) -> Result<String, SigningFailed> {
        let claims = Claims {
            openid: &identity.openid,
            sid: &identity.sid,
            username: &identity.username,
            avatar: &identity.avatar,
            access: identity.access.as_str(),
            name: &identity.name,
            iss: self.settings.issuer.as_deref(),
            aud: self.settings.audience.as_deref(),
            iat: issued_at,
            exp: issued_at
                .saturating_add_unsigned(lifetime.as_secs())
                .min(LATEST),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key)
            .map_err(SigningFailed)
    }
}

/// Whom a token names: the claims that the sign-in service knows of a person.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The sign-in service's own id.
    pub openid: String,
    /// The student number, empty for those who have none.
    pub sid: String,
    /// What they sign in as.
    pub username: String,
    /// The address of a picture.
    pub avatar: String,
    /// Their rank.
    pub access: Access,
    /// Their name.
    pub name: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    openid: &'a str,
    sid: &'a str,
    username: &'a str,
    avatar: &'a str,
    access: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    iat: i64,
    exp: i64,
}

/// A token that could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningFailed(#[source] jsonwebtoken::errors::Error);
