//! Who calls: the first two checks of every request, a good token and an active caller.

use std::{
    future::{Ready, ready},
    time::SystemTime,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{AUTHORIZATION, HeaderMap, HeaderValue},
    web::Data,
};
use wts_domain::{ActiveCaller, ensure_active};

use crate::{
    error::{ApiError, Unauthenticated},
    token::{TokenError, TokenVerifier},
};

/// A caller who has shown a good token and is active. A handler that takes one cannot be reached by anyone else.
pub(crate) struct Active(pub(crate) ActiveCaller);

impl FromRequest for Active {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(active_caller(request).map(Self))
    }
}

fn active_caller(request: &HttpRequest) -> Result<ActiveCaller, ApiError> {
    let token = bearer(request.headers())?;
    let verifier = request
        .app_data::<Data<TokenVerifier>>()
        .ok_or(ApiError::Fault("the application has no token verifier"))?;
    let caller = verifier
        .verify(token, now()?)
        .map_err(Unauthenticated::BadToken)?;
    Ok(ensure_active(caller)?)
}

/// RFC 6750 2.1: the token of the one `Authorization` field. A token anywhere else is none.
fn bearer(headers: &HeaderMap) -> Result<&str, Unauthenticated> {
    let mut fields = headers.get_all(AUTHORIZATION);
    let field = fields.next().ok_or(Unauthenticated::NoToken)?;
    if fields.next().is_some() {
        return Err(Unauthenticated::SeveralFields);
    }
    let (scheme, token) = split_at_space(field);
    if !scheme.eq_ignore_ascii_case(b"Bearer") || token.is_empty() {
        return Err(Unauthenticated::NoToken);
    }
    str::from_utf8(token).map_err(|_| Unauthenticated::BadToken(TokenError::Shape))
}

/// What stands before the first space, and after it and those that follow it.
fn split_at_space(field: &HeaderValue) -> (&[u8], &[u8]) {
    let bytes = field.as_bytes();
    let end = bytes
        .iter()
        .position(|byte| *byte == b' ')
        .unwrap_or(bytes.len());
    let (scheme, rest) = bytes.split_at(end);
    (scheme, rest.trim_ascii())
}

/// Seconds since 1970.
fn now() -> Result<i64, ApiError> {
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|_| ApiError::Fault("the system's clock stands before 1970"))?;
    i64::try_from(since_1970.as_secs())
        .map_err(|_| ApiError::Fault("the system's clock is out of range"))
}
