//! The claims of a token whose signature has been verified.

use serde::Deserialize;
use serde_json::Value;

use super::{TokenSettings, error::TokenError, strict_json};

/// The largest accepted difference between the clocks of the sign-in service and of this service, in seconds.
const LEEWAY: f64 = 30.0;

/// The last second of the year 9999, after which dates have more than four digits. A later `exp` is a mistake, such as
/// milliseconds.
pub(super) const MAX_EXP: i64 = 253_402_300_799;

/// The registered claims that are checked (RFC 7519 4.1), and two claims of the sign-in service: `sid` and `access`.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) sid: String,
    pub(super) access: String,
    // RFC 7519 2, `NumericDate`: seconds since 1970, not necessarily whole.
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
    /// Reads claims that are valid at `now`, from the configured issuer and for the configured audience.
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
        if let Some(aud) = &claims.aud
            && audience.as_ref().is_none_or(|ours| !names(aud, ours))
        {
            return Err(TokenError::WrongAudience);
        }
        Ok(claims)
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

/// Whether `aud` names this audience. RFC 7519 4.1.3: it is one name or a list of names, compared exactly.
fn names(aud: &Value, ours: &str) -> bool {
    match aud {
        Value::String(name) => name == ours,
        Value::Array(names) => {
            names.iter().all(Value::is_string) && names.iter().any(|name| name == ours)
        }
        _ => false,
    }
}
