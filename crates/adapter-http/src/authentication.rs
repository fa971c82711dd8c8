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
use futures_util::future::{Either, LocalBoxFuture};
use wts_domain::{ActiveCaller, Caller, ensure_active};

use crate::{
    error::{ApiError, Unauthenticated},
    token::{TokenError, TokenVerifier},
};

/// A caller who has shown a good token and is active. A handler that takes one cannot be reached by anyone else.
pub(crate) struct Active(pub(crate) ActiveCaller);

impl FromRequest for Active {
    type Error = ApiError;
    // Nearly always the answer is there at once, and costs no memory.
    type Future =
        Either<Ready<Result<Self, ApiError>>, LocalBoxFuture<'static, Result<Self, ApiError>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        match known(request) {
            Ok(Known::Caller(caller)) => Either::Left(ready(active(caller))),
            Ok(Known::NotYet(verifier, token)) => Either::Right(Box::pin(async move {
                let outcome = verifier.verify_with_new_keys(&token, now()?).await;
                active(outcome.map_err(Unauthenticated::BadToken)?)
            })),
            Err(error) => Either::Left(ready(Err(error))),
        }
    }
}

/// Who calls.
enum Known {
    Caller(Caller),
    /// That takes a key which has to be fetched first.
    NotYet(Data<TokenVerifier>, String),
}

fn known(request: &HttpRequest) -> Result<Known, ApiError> {
    let token = bearer(request.headers())?;
    let verifier = request
        .app_data::<Data<TokenVerifier>>()
        .ok_or(ApiError::Fault("the application has no token verifier"))?;
    match verifier.verify(token, now()?) {
        Ok(caller) => Ok(Known::Caller(caller)),
        Err(TokenError::UnknownKey) if verifier.may_get_new_keys() => {
            Ok(Known::NotYet(Data::clone(verifier), token.to_owned()))
        }
        Err(error) => Err(Unauthenticated::BadToken(error).into()),
    }
}

fn active(caller: Caller) -> Result<Active, ApiError> {
    Ok(Active(ensure_active(caller)?))
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
