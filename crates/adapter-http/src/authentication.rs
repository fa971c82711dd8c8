//! Authentication: the first two checks of a request, which need a valid token and an active caller.

use std::{
    future::{Ready, ready},
    time::SystemTime,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{AUTHORIZATION, HeaderMap},
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

/// An extractor that requires a valid token of an active caller. Requests without one are rejected before the handler
/// is called.
pub(crate) struct AuthenticatedCaller(pub(crate) ActiveCaller);

impl FromRequest for AuthenticatedCaller {
    type Error = ApiError;
    // `Ready` is used for almost every request, because it needs no allocation.
    type Future =
        Either<Ready<Result<Self, ApiError>>, LocalBoxFuture<'static, Result<Self, ApiError>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let outcome = verify(request);
        if needs_key_refresh(request, &outcome) {
            let request = request.clone();
            return Either::Right(Box::pin(async move {
                // This rate limit comes first, so that it also limits requests that wait for keys that do not exist.
                check_address(&request)?;
                authorize(&request, verify_after_refresh(&request).await?)
            }));
        }
        Either::Left(ready(match outcome {
            Ok(caller) => authorize(request, caller),
            Err(error @ ApiError::Unauthenticated(_)) => check_address(request).and(Err(error)),
            Err(error) => Err(error),
        }))
    }
}

/// Verifies the token with the keys that are in memory.
fn verify(request: &HttpRequest) -> Result<Caller, ApiError> {
    let token = bearer(request.headers())?;
    let caller = app_data::<TokenVerifier>(request)?.verify(token, now()?);
    Ok(caller.map_err(Unauthenticated::InvalidToken)?)
}

/// Returns whether a JWKS refresh could make the token valid: the key of the token is unknown, but may have been
/// published recently.
fn needs_key_refresh(request: &HttpRequest, outcome: &Result<Caller, ApiError>) -> bool {
    const UNKNOWN_KEY: Unauthenticated = Unauthenticated::InvalidToken(TokenError::UnknownKey);
    matches!(outcome, Err(ApiError::Unauthenticated(why)) if *why == UNKNOWN_KEY)
        && app_data::<TokenVerifier>(request).is_ok_and(TokenVerifier::can_refresh)
}

async fn verify_after_refresh(request: &HttpRequest) -> Result<Caller, ApiError> {
    let token = bearer(request.headers())?;
    let verifier = app_data::<TokenVerifier>(request)?;
    let caller = verifier.verify_after_refresh(token, now()?).await;
    Ok(caller.map_err(Unauthenticated::InvalidToken)?)
}

/// Checks the caller's rate limit, and that the caller is active.
fn authorize(request: &HttpRequest, caller: Caller) -> Result<AuthenticatedCaller, ApiError> {
    request.extensions_mut().insert(caller.access); // for the access log
    let limits = app_data::<RateLimiters>(request)?;
    limits.check_caller(&caller, || client_address(request))?;
    Ok(AuthenticatedCaller(ensure_active(caller)?))
}

fn check_address(request: &HttpRequest) -> Result<(), ApiError> {
    let limits = app_data::<RateLimiters>(request)?;
    limits.check_address(|| client_address(request))
}

fn app_data<T: 'static>(request: &HttpRequest) -> Result<&T, ApiError> {
    let data = request.app_data::<Data<T>>();
    data.map(|data| &***data)
        .ok_or(ApiError::Internal("application data is missing"))
}

/// Returns the bearer token in the `Authorization` header (RFC 6750 2.1). Tokens in other parts of a request are
/// ignored.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Unauthenticated> {
    let mut fields = headers.get_all(AUTHORIZATION);
    let field = fields.next().ok_or(Unauthenticated::MissingToken)?;
    if fields.next().is_some() {
        return Err(Unauthenticated::MultipleHeaders);
    }
    let mut parts = field.as_bytes().splitn(2, |byte| *byte == b' ');
    let scheme = parts.next().unwrap_or_default();
    let token = parts.next().unwrap_or_default().trim_ascii();
    if !scheme.eq_ignore_ascii_case(b"Bearer") || token.is_empty() {
        return Err(Unauthenticated::MissingToken);
    }
    str::from_utf8(token).map_err(|_| Unauthenticated::InvalidToken(TokenError::Malformed))
}

/// Returns the current Unix time in seconds.
pub(crate) fn now() -> Result<i64, ApiError> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since_1970.ok().map(|time| i64::try_from(time.as_secs()));
    let seconds = seconds.and_then(Result::ok);
    seconds.ok_or(ApiError::Internal("the system clock is out of range"))
}
