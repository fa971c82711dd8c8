//! Authentication: the first two checks of a request, a valid token and an active caller.

use std::{
    future::{Ready, ready},
    time::SystemTime,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{AUTHORIZATION, HeaderMap, HeaderValue},
    web::Data,
};
use futures_util::future::{Either, LocalBoxFuture};
use wts_domain::{ActiveCaller, Caller, ensure_active};

use crate::{
    client_address::client_address,
    error::{ApiError, Unauthenticated},
    rate_limit::RateLimiters,
    token::{TokenError, TokenVerifier},
};

/// An active caller with a valid token. No other request reaches a handler that has this argument.
pub(crate) struct AuthenticatedCaller(pub(crate) ActiveCaller);

impl FromRequest for AuthenticatedCaller {
    type Error = ApiError;
    // Nearly always ready at once, without an allocation.
    type Future =
        Either<Ready<Result<Self, ApiError>>, LocalBoxFuture<'static, Result<Self, ApiError>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        match verify(request) {
            Ok(Verification::NeedsKeyRefresh(verifier, token)) => {
                let request = request.clone();
                Either::Right(Box::pin(async move {
                    // Before the wait, so that the rate limit bounds waits for keys that do not exist.
                    check_address(&request)?;
                    let caller = verifier.verify_after_refresh(&token, now()?).await;
                    authorize(&request, caller.map_err(Unauthenticated::BadToken)?)
                }))
            }
            Ok(Verification::Valid(caller)) => Either::Left(ready(authorize(request, caller))),
            Ok(Verification::Failed(why)) => {
                Either::Left(ready(check_address(request).and(Err(why.into()))))
            }
            Err(error) => Either::Left(ready(Err(error))),
        }
    }
}

/// The outcome of checking a token with the keys at hand.
enum Verification {
    Valid(Caller),
    /// The token names a key that has to be fetched first.
    NeedsKeyRefresh(Data<TokenVerifier>, String),
    Failed(Unauthenticated),
}

fn verify(request: &HttpRequest) -> Result<Verification, ApiError> {
    let token = match bearer(request.headers()) {
        Ok(token) => token,
        Err(why) => return Ok(Verification::Failed(why)),
    };
    let verifier: &Data<TokenVerifier> = app_data(request)?;
    Ok(match verifier.verify(token, now()?) {
        Ok(caller) => Verification::Valid(caller),
        Err(TokenError::UnknownKey) if verifier.can_refresh() => {
            Verification::NeedsKeyRefresh(Data::clone(verifier), token.to_owned())
        }
        Err(error) => Verification::Failed(Unauthenticated::BadToken(error)),
    })
}

/// Checks the rate limit and that the caller is active.
fn authorize(request: &HttpRequest, caller: Caller) -> Result<AuthenticatedCaller, ApiError> {
    request.extensions_mut().insert(caller.access); // for the access record
    let limits: &Data<RateLimiters> = app_data(request)?;
    limits.check_caller(&caller, || client_address(request))?;
    Ok(AuthenticatedCaller(ensure_active(caller)?))
}

fn check_address(request: &HttpRequest) -> Result<(), ApiError> {
    let limits: &Data<RateLimiters> = app_data(request)?;
    limits.check_address(|| client_address(request))
}

fn app_data<T: 'static>(request: &HttpRequest) -> Result<&Data<T>, ApiError> {
    request
        .app_data::<Data<T>>()
        .ok_or(ApiError::Internal("the application lacks a part"))
}

/// Returns the token of the only `Authorization` field (RFC 6750 2.1). A token anywhere else is ignored.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Unauthenticated> {
    let mut fields = headers.get_all(AUTHORIZATION);
    let field = fields.next().ok_or(Unauthenticated::NoToken)?;
    if fields.next().is_some() {
        return Err(Unauthenticated::SeveralFields);
    }
    let (scheme, token) = split_at_space(field);
    if !scheme.eq_ignore_ascii_case(b"Bearer") || token.is_empty() {
        return Err(Unauthenticated::NoToken);
    }
    str::from_utf8(token).map_err(|_| Unauthenticated::BadToken(TokenError::Malformed))
}

/// Splits a field into the scheme and the rest after the first spaces.
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
        .map_err(|_| ApiError::Internal("the system's clock stands before 1970"))?;
    i64::try_from(since_1970.as_secs())
        .map_err(|_| ApiError::Internal("the system's clock is out of range"))
}
