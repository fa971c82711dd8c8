//! HTTP constants that several modules share.

use actix_web::http::header::{HeaderName, HeaderValue};

/// The media type of every JSON body.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// The header that contains the request id, which is also in the access log.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
