//! The body of a request, which no route accepts.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};

use crate::error::ApiError;

/// Extracts the absence of a body; a request with one gets 415 (RFC 9110 15.5.16).
pub(crate) struct NoBody;

impl FromRequest for NoBody {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let has_body = headers.contains_key(TRANSFER_ENCODING)
            || headers
                .get(CONTENT_LENGTH)
                .is_some_and(|length| length != "0");
        ready(if has_body {
            Err(ApiError::BodyNotAllowed)
        } else {
            Ok(Self)
        })
    }
}
