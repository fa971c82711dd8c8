//! From a token to who calls.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use wts_domain::{Access, Caller, StudentId};

use super::{TokenSettings, WeakSecret, claims::Claims, header::Header};

/// No token of the sign-in service's comes near it; what is longer is not even decoded. In bytes.
const LONGEST: usize = 8 * 1024;

/// Tells from a token who calls. Made once, used for every request.
#[derive(Clone)]
pub struct TokenVerifier {
    key: DecodingKey,
    settings: TokenSettings,
}

impl TokenVerifier {
    /// A verifier that believes the tokens of these settings.
    ///
    /// # Errors
    ///
    /// [`WeakSecret`] if the secret is shorter than 32 bytes.
    pub fn new(settings: &TokenSettings) -> Result<Self, WeakSecret> {
        Ok(Self {
            key: DecodingKey::from_secret(settings.strong_secret()?),
            settings: settings.clone(),
        })
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
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Shape)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Shape)?;
        if claims.contains('.') {
            return Err(TokenError::Shape);
        }
        parse::<Header<'_>>(&decode(header)?)
            .ok_or(TokenError::Header)?
            .check()?;
        // The header has agreed to the algorithm; it is the verifier's all the same. Nothing of the claims is read
        // before the signature is known to be good.
        match crypto::verify(signature, signed.as_bytes(), &self.key, Algorithm::HS256) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(TokenError::Signature),
        }
        let claims = decode(claims)?;
        let claims: Claims<'_> = parse(&claims).ok_or(TokenError::Claims)?;
        claims.check(&self.settings, now)?;
        Ok(Caller::new(
            StudentId::from(claims.sid.as_ref()),
            Access::from_claim(&claims.access),
        ))
    }
}

/// RFC 7515 2: base64url without padding, and of the spellings that decode to the same bytes only the canonical one.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Shape)
}

/// The object that `json` holds. Members that are looked at may not be there twice, nor may anything come after it.
fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    // A struct could be read from an array too.
    json.trim_ascii_start()
        .starts_with(b"{")
        .then(|| serde_json::from_slice(json).ok())
        .flatten()
}

/// Why a token is not good. The words are for the log and for the client's developers; none quotes the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than 8 KiB.
    #[error("it is longer than 8 KiB")]
    TooLong,
    /// Not three parts in base64url.
    #[error("it is not three parts in base64url")]
    Shape,
    /// A header that is not a JSON object as RFC 7515 has it.
    #[error("its header is malformed")]
    Header,
    /// Signed, or not, by another algorithm than the configured one.
    #[error("it is not signed with HS256")]
    AnotherAlgorithm,
    /// A header that asks for an extension to be understood, RFC 7515 4.1.11.
    #[error("its header has critical extensions")]
    CriticalHeader,
    /// Neither `JWT` nor `at+jwt`.
    #[error("its type is neither JWT nor at+jwt")]
    AnotherType,
    /// A signature that is not the secret's.
    #[error("its signature is wrong")]
    Signature,
    /// Claims that are not a JSON object, that lack one which is required, or where one has the wrong type.
    #[error("its claims are malformed, or one of exp, sid and access is missing")]
    Claims,
    /// Past its `exp`.
    #[error("it has expired")]
    Expired,
    /// Before its `nbf`.
    #[error("it is not valid yet")]
    NotYetValid,
    /// Before its `iat`.
    #[error("it was issued in the future")]
    IssuedInTheFuture,
    /// Not from the configured issuer.
    #[error("it is from another issuer")]
    AnotherIssuer,
    /// For others than the configured audience.
    #[error("it is for another audience")]
    AnotherAudience,
}
