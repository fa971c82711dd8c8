//! The check that a request has no body, because no route accepts one.

use std::{
    future::{Ready, ready},
    time::Duration,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use futures_util::{
    StreamExt,
    future::{Either, LocalBoxFuture},
};
use tokio::time::timeout;

use crate::error::ApiError;

/// The timeout for the end of an empty chunked body.
const EMPTY_BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// An extractor that rejects a request with a body of at least one byte with 415 (RFC 9110 15.5.16). An empty chunked
/// body is accepted, because proxies may send one.
pub(crate) struct NoBody;

impl FromRequest for NoBody {
    type Error = ApiError;
    type Future =
        Either<Ready<Result<Self, ApiError>>, LocalBoxFuture<'static, Result<Self, ApiError>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        if !headers.contains_key(TRANSFER_ENCODING) {
            let length = headers.get(CONTENT_LENGTH);
            let has_body = length.is_some_and(|length| length != "0");
            return Either::Left(ready(no_body_unless(has_body)));
        }
        let mut chunks = payload.take();
        Either::Right(Box::pin(async move {
            let first = timeout(EMPTY_BODY_TIMEOUT, chunks.next()).await;
            no_body_unless(!matches!(first, Ok(None)))
        }))
    }
}

fn no_body_unless(has_body: bool) -> Result<NoBody, ApiError> {
    if has_body {
        Err(ApiError::BodyNotAllowed)
    } else {
        Ok(NoBody)
    }
}
