//! Functions that create tokens, signed with the secret of the tests.

use std::time::SystemTime;

use serde_json::Value;
use wts_domain::Access;

use super::SECRET;

/// Returns a valid token.
pub(crate) fn token(sid: &str, access: Access) -> String {
    token_for(sid, access.as_str())
}

/// Returns a valid token with this `access`, which can be unknown.
pub(crate) fn token_for(sid: &str, access: &str) -> String {
    let claims = serde_json::json!({
        "openid": "o-1", "sid": sid, "username": "u", "avatar": "", "access": access, "name": "令牌里的名字",
        "iat": now(), "exp": now() + 600,
    });
    signed(&claims)
}

/// Returns a token with these claims and a valid signature.
pub(crate) fn signed(claims: &Value) -> String {
    jsonwebtoken::encode(
        &jsonwebtoken::Header::default(),
        claims,
        &jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .expect("claims can be signed")
}

pub(crate) fn now() -> i64 {
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("the time is after 1970");
    i64::try_from(since_1970.as_secs()).expect("the time fits into 64 bits")
}
