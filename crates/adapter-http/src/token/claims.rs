//! The claims of a token whose signature has been verified.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    TokenSettings,
    error::TokenError,
    object::{AnotherType, Object},
};

/// How far the clocks of the sign-in service and of this one may differ, in seconds.
const LEEWAY: f64 = 30.0;

/// The last second of the year 9999, after which dates have no four digits any more. Whoever signs for longer has made a
/// mistake, or counts in milliseconds.
pub(super) const LATEST: i64 = 253_402_300_799;

/// Who a token is about.
pub(super) struct Claims<'a> {
    pub(super) sid: Cow<'a, str>,
    pub(super) access: Cow<'a, str>,
}

impl<'a> Claims<'a> {
    /// RFC 7519 4.1: reads the claims of a token that is from and for whom it should be, and whose time has come and not
    /// gone.
    pub(super) fn read(
        json: &'a [u8],
        settings: &TokenSettings,
        now: i64,
    ) -> Result<Self, TokenError> {
        let claims = Object::parse(json).ok_or(TokenError::Claims)?;
        let read = Self {
            sid: required(claims.text("sid"))?,
            access: required(claims.text("access"))?,
        };
        in_time(&claims, now)?;
        if let Some(issuer) = &settings.issuer
            && !matches!(claims.text("iss"), Ok(Some(iss)) if iss == *issuer)
        {
            return Err(TokenError::AnotherIssuer);
        }
        if claims.has("aud")
            && !settings
                .audience
                .as_ref()
                .is_some_and(|ours| names(&claims, ours))
        {
            return Err(TokenError::AnotherAudience);
        }
        Ok(read)
    }
}

fn required<T>(claim: Result<Option<T>, AnotherType>) -> Result<T, TokenError> {
    claim.ok().flatten().ok_or(TokenError::Claims)
}

fn in_time(claims: &Object<'_>, now: i64) -> Result<(), TokenError> {
    // RFC 7519 2, `NumericDate`: seconds since 1970, not necessarily whole. No number is too large to be compared.
    let date = |name| claims.read::<f64>(name).map_err(|_| TokenError::Claims);
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact for the next 280 million years"
    )]
    let (now, latest) = (now as f64, LATEST as f64);
    let exp = date("exp")?.ok_or(TokenError::Claims)?;
    let (nbf, iat) = (date("nbf")?, date("iat")?);
    if exp + LEEWAY <= now {
        return Err(TokenError::Expired);
    }
    if exp > latest {
        return Err(TokenError::ExpiresTooLate);
    }
    if nbf.is_some_and(|nbf| nbf - LEEWAY > now) {
        return Err(TokenError::NotYetValid);
    }
    if iat.is_some_and(|iat| iat - LEEWAY > now) {
        return Err(TokenError::IssuedInTheFuture);
    }
    Ok(())
}

/// RFC 7519 4.1.3: one name or a list of them, compared to the letter.
fn names(claims: &Object<'_>, ours: &str) -> bool {
    match claims.read("aud") {
        Ok(Some(Value::String(audience))) => audience == ours,
        Ok(Some(Value::Array(audiences))) => {
            audiences.iter().all(Value::is_string)
                && audiences.iter().any(|audience| audience == ours)
        }
        _ => false,
    }
}
