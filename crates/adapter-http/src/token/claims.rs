//! The claims of a token whose signature has been verified.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Number, Value};

use super::{TokenSettings, header::present, verifier::TokenError};

/// How far the clocks of the sign-in service and of this one may differ, in seconds.
const LEEWAY: f64 = 30.0;

/// The claims that are looked at.
#[derive(Deserialize)]
pub(super) struct Claims<'a> {
    #[serde(borrow)]
    pub(super) sid: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) access: Cow<'a, str>,
    exp: Number,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    iss: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<Value>,
}

impl Claims<'_> {
    /// RFC 7519 4.1: whom the token is from and for, and whether its time has come and not gone.
    pub(super) fn check(&self, settings: &TokenSettings, now: i64) -> Result<(), TokenError> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact for the next 280 million years"
        )]
        let now = now as f64;
        if seconds(&self.exp)? + LEEWAY <= now {
            return Err(TokenError::Expired);
        }
        if numeric_date(self.nbf.as_ref())?.is_some_and(|nbf| nbf - LEEWAY > now) {
            return Err(TokenError::NotYetValid);
        }
        if numeric_date(self.iat.as_ref())?.is_some_and(|iat| iat - LEEWAY > now) {
            return Err(TokenError::IssuedInTheFuture);
        }
        if let Some(issuer) = &settings.issuer
            && self.iss.as_ref().and_then(Value::as_str) != Some(issuer)
        {
            return Err(TokenError::AnotherIssuer);
        }
        match &self.aud {
            Some(audiences)
                if !settings
                    .audience
                    .as_ref()
                    .is_some_and(|ours| names(audiences, ours)) =>
            {
                Err(TokenError::AnotherAudience)
            }
            _ => Ok(()),
        }
    }
}

/// RFC 7519 2, `NumericDate`: seconds since 1970, not necessarily whole.
fn numeric_date(claim: Option<&Value>) -> Result<Option<f64>, TokenError> {
    match claim {
        None => Ok(None),
        Some(Value::Number(number)) => seconds(number).map(Some),
        Some(_) => Err(TokenError::Claims),
    }
}

fn seconds(number: &Number) -> Result<f64, TokenError> {
    number.as_f64().ok_or(TokenError::Claims)
}

/// RFC 7519 4.1.3: one name or a list of them, compared to the letter.
fn names(audiences: &Value, ours: &str) -> bool {
    match audiences {
        Value::String(audience) => audience == ours,
        Value::Array(audiences) => {
            audiences.iter().all(Value::is_string)
                && audiences.iter().any(|audience| audience == ours)
        }
        _ => false,
    }
}
