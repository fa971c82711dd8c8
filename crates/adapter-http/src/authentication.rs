//! Who calls: the first two checks of every request, a good token and an active caller.

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
    error::{ApiError, Unauthenticated},
    gate::client_address,
    rate_limit::ClientLimits,
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
            Ok(Known::NotYet(verifier, token)) => {
                let request = request.clone();
                Either::Right(Box::pin(async move {
                    // Before the wait, or whoever makes up names of keys could wait as often as they like.
                    count_stranger(&request)?;
                    let caller = verifier.verify_with_new_keys(&token, now()?).await;
                    admit(&request, caller.map_err(Unauthenticated::BadToken)?)
                }))
            }
            Ok(Known::Caller(caller)) => Either::Left(ready(admit(request, caller))),
            Ok(Known::Nobody(why)) => {
                Either::Left(ready(count_stranger(request).and(Err(why.into()))))
            }
            Err(error) => Either::Left(ready(Err(error))),
        }
    }
}

/// Who calls.
enum Known {
    Caller(Caller),
    /// That takes a key which has to be fetched first.
    NotYet(Data<TokenVerifier>, String),
    Nobody(Unauthenticated),
}

fn known(request: &HttpRequest) -> Result<Known, ApiError> {
    let token = match bearer(request.headers()) {
        Ok(token) => token,
        Err(why) => return Ok(Known::Nobody(why)),
    };
    let verifier: &Data<TokenVerifier> = of_the_app(request)?;
    Ok(match verifier.verify(token, now()?) {
        Ok(caller) => Known::Caller(caller),
        Err(TokenError::UnknownKey) if verifier.may_get_new_keys() => {
            Known::NotYet(Data::clone(verifier), token.to_owned())
        }
        Err(error) => Known::Nobody(Unauthenticated::BadToken(error)),
    })
}

/// Lets in who is active and does not ask too often.
fn admit(request: &HttpRequest, caller: Caller) -> Result<Active, ApiError> {
    request.extensions_mut().insert(caller.access); // for the access record
    let limits: &Data<ClientLimits> = of_the_app(request)?;
    limits.count_caller(&caller, || client_address(request))?;
    Ok(Active(ensure_active(caller)?))
}

fn count_stranger(request: &HttpRequest) -> Result<(), ApiError> {
    let limits: &Data<ClientLimits> = of_the_app(request)?;
    limits.count_stranger(|| client_address(request))
}

fn of_the_app<T: 'static>(request: &HttpRequest) -> Result<&Data<T>, ApiError> {
    request
        .app_data::<Data<T>>()
        .ok_or(ApiError::Fault("the application lacks a part"))
}

/// RFC 6750 2.1: the token of the one `Authorization` field. A token anywhere else is none.
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
