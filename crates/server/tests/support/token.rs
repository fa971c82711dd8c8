//! Tokens of the sign-in service that shares its secret.

use std::time::SystemTime;

use serde_json::Value;
use wts_domain::Access;

use super::SECRET;

/// A good token of the sign-in service's.
pub(crate) fn token(sid: &str, access: Access) -> String {
    token_for(sid, access.as_str())
}

/// A token whose `access` may be none that anyone knows.
pub(crate) fn token_for(sid: &str, access: &str) -> String {
    let claims = serde_json::json!({
        "openid": "o-1", "sid": sid, "username": "u", "avatar": "", "access": access, "name": "令牌里的名字",
        "iat": now(), "exp": now() + 600,
    });
    signed(&claims)
}

/// Any claims, well signed.
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
        .expect("it is later than 1970");
    i64::try_from(since_1970.as_secs()).expect("not that late")
}
