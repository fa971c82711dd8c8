//! The claims of a token, which are read after its signature has been verified.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{TokenSettings, error::TokenError, strict_json};

/// The largest accepted difference between the clock of the sign-in service and the clock of this service, in seconds.
const LEEWAY: f64 = 30.0;

/// The last second of the year 9999. A later `exp` is rejected as a mistake.
pub(super) const MAX_EXP: i64 = 253_402_300_799;

/// The smallest time that is interpreted as milliseconds: the year 2001. In seconds it would be after the year 9999.
const MIN_MILLISECONDS: f64 = 1e12;

/// The claims that are checked: registered claims (RFC 7519 4.1), and `sid` and `access` of the sign-in service.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) sid: String,
    pub(super) access: String,
    // A `NumericDate` (RFC 7519 2): seconds since 1970, which can have a fraction.
    exp: f64,
    #[serde(default, deserialize_with = "strict_json::not_null")]
    nbf: Option<f64>,
    #[serde(default, deserialize_with = "strict_json::not_null")]
    iat: Option<f64>,
    #[serde(default, deserialize_with = "strict_json::not_null")]
    iss: Option<Value>,
    #[serde(default, deserialize_with = "strict_json::not_null")]
    aud: Option<Value>,
}

impl Claims {
    /// Parses claims, and checks their times, issuer and audience.
    pub(super) fn read(
        json: &[u8],
        settings: &TokenSettings,
        now: i64,
    ) -> Result<Self, TokenError> {
        let claims: Self = strict_json::from_slice(json).ok_or(TokenError::Claims)?;
        claims.ensure_in_time(now)?;
        let TokenSettings { issuer, audience } = settings;
        if let Some(issuer) = issuer
            && claims.iss.as_ref().is_none_or(|iss| iss != issuer)
        {
            return Err(TokenError::WrongIssuer);
        }
        match (&claims.aud, audience) {
            (Some(_), None) => Err(TokenError::NoAudienceConfigured),
            (Some(aud), Some(expected)) if !has_audience(aud, expected) => {
                Err(TokenError::WrongAudience)
            }
            _ => Ok(claims),
        }
    }

    /// Returns the time until the token expires.
    pub(super) fn remaining(&self, now: i64) -> Duration {
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact for the next 280 million years"
        )]
        let seconds = self.exp + LEEWAY - now as f64;
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }

    fn ensure_in_time(&self, now: i64) -> Result<(), TokenError> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact for the next 280 million years"
        )]
        let (now, max_exp) = (now as f64, MAX_EXP as f64);
        if self.exp + LEEWAY <= now {
            return Err(TokenError::Expired);
        }
        let times = [
            ("exp", Some(self.exp)),
            ("nbf", self.nbf),
            ("iat", self.iat),
        ];
        let milliseconds = MIN_MILLISECONDS..=max_exp * 1_000.0;
        for (name, time) in times {
            if time.is_some_and(|time| milliseconds.contains(&time)) {
                return Err(TokenError::InMilliseconds(name));
            }
        }
        if self.exp > max_exp {
            return Err(TokenError::ExpiresTooLate);
        }
        if self.nbf.is_some_and(|nbf| nbf - LEEWAY > now) {
            return Err(TokenError::NotYetValid);
        }
        if self.iat.is_some_and(|iat| iat - LEEWAY > now) {
            return Err(TokenError::IssuedInTheFuture);
        }
        Ok(())
    }
}

/// Returns whether `aud` contains the configured audience. `aud` is a string or an array of strings, which are compared exactly
/// (RFC 7519 4.1.3).
fn has_audience(aud: &Value, expected: &str) -> bool {
    match aud {
        Value::String(name) => name == expected,
        Value::Array(has_audience) => {
            has_audience.iter().all(Value::is_string)
                && has_audience.iter().any(|name| name == expected)
        }
        _ => false,
    }
}
