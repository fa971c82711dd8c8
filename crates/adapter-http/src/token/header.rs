//! The header of a token, of which nothing is believed: it may only agree with what is configured.

use serde::Deserialize;
use serde_json::Value;

use super::verifier::TokenError;

/// The members that are looked at. `kid`, `jku`, `jwk`, `x5u` and the like choose nothing here, so they are not read.
#[derive(Deserialize)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    alg: std::borrow::Cow<'a, str>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<Value>,
}

impl Header<'_> {
    /// Agrees with the one algorithm, and asks for nothing that is not understood.
    pub(super) fn check(&self) -> Result<(), TokenError> {
        if self.alg != "HS256" {
            return Err(TokenError::AnotherAlgorithm);
        }
        if self.crit.is_some() {
            return Err(TokenError::CriticalHeader);
        }
        match &self.typ {
            None => Ok(()),
            Some(Value::String(typ)) if typ == "JWT" || typ == "at+jwt" => Ok(()),
            Some(_) => Err(TokenError::AnotherType),
        }
    }
}

/// Tells a member that is `null` from one that is not there.
pub(super) fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
