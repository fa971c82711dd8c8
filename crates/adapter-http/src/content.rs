//! What a request brings along.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};

use crate::error::ApiError;

/// A request without content, which every handler takes. A `GET` with some means something that this service does not know (RFC 9110 9.3.1), and it
/// takes content of no type (15.5.16).
pub(crate) struct WithoutContent;

impl FromRequest for WithoutContent {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let has_content = headers.contains_key(TRANSFER_ENCODING)
            || headers
                .get(CONTENT_LENGTH)
                .is_some_and(|length| length != "0");
        ready(if has_content {
            Err(ApiError::ContentNotTaken)
        } else {
            Ok(Self)
        })
    }
}
