//! The header of a token. It is not trusted: it can only select one of the configured keys.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{algorithm::Algorithm, error::TokenError, strict_json};

/// The algorithm and the `kid` in the header of a token.
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
}

#[derive(Deserialize)]
struct Members {
    alg: String,
    #[serde(default, deserialize_with = "strict_json::not_null")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "strict_json::not_null")]
    typ: Option<Value>,
    #[serde(default, deserialize_with = "strict_json::not_null")]
    cty: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

impl Header {
    /// Parses the header of a signed token. Critical extensions and embedded keys are rejected.
    pub(super) fn read(json: &[u8]) -> Result<Self, TokenError> {
        let members: Members = strict_json::from_slice(json).ok_or(TokenError::Header)?;
        let has_any = |names: &[&str]| names.iter().any(|name| members.others.contains_key(*name));
        // `crit` lists extensions that must be understood (RFC 7515 4.1.11), and `b64` changes the signed bytes (RFC
        // 7797 3).
        if has_any(&["crit", "b64"]) {
            return Err(TokenError::CriticalHeader);
        }
        // A key in the token itself is not trustworthy (RFC 7515 10.7, RFC 8725 3.10).
        if has_any(&["jwk", "jku", "x5c", "x5u"]) {
            return Err(TokenError::EmbeddedKey);
        }
        if !members.typ.is_none_or(|typ| is_access_token(&typ)) {
            return Err(TokenError::TypeNotAllowed);
        }
        // Other services could treat a token with these members as encrypted (RFC 7516 4.1, RFC 7518 4).
        if has_any(&["enc", "zip", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"]) {
            return Err(TokenError::Encrypted);
        }
        // With this `cty`, the payload is another token (RFC 7519 5.2, RFC 7515 4.1.9).
        if members.cty.is_some_and(|cty| is_token(&cty)) {
            return Err(TokenError::Nested);
        }
        Ok(Self {
            algorithm: members
                .alg
                .parse()
                .map_err(|_| TokenError::AlgorithmNotAllowed)?,
            kid: members.kid,
        })
    }
}

/// Returns whether `typ` is the media type of a JWT. Media types are case-insensitive, and `application/` can be omitted (RFC
/// 7515 4.1.9).
fn is_access_token(typ: &Value) -> bool {
    let typ = typ.as_str().unwrap_or_default().to_ascii_lowercase();
    ["jwt", "at+jwt"].contains(&typ.strip_prefix("application/").unwrap_or(&typ))
}

fn is_token(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    ["jwt", "jws", "jwe", "jose"]
        .iter()
        .any(|kind| content_type.contains(kind))
}
