//! Answers to what could not be read as a request, or was not for want of a place. They bear all that other answers do, are
//! counted and logged, but there is no service to make them.

use std::{
    io::Write,
    time::{Duration, SystemTime},
};

use actix_web::{
    ResponseError,
    body::MessageBody,
    http::header::{
        CONNECTION, CONTENT_LENGTH, DATE, HeaderValue, HttpDate, TryIntoHeaderValue as _,
    },
};

use super::{request_id::RequestId, security_headers::SecurityHeaders};
use crate::{constants::X_REQUEST_ID, error::ApiError, metrics::HttpMetrics};

/// The whole answer, which is the last on its connection; without its body if the request was a `HEAD`.
pub(crate) fn refuse_unread(
    error: &ApiError,
    is_head: bool,
    after: Duration,
    metrics: &HttpMetrics,
) -> Vec<u8> {
    let id = RequestId::generate();
    let mut response = error.error_response();
    let status = response.status();
    metrics.record_response("none", status.as_u16(), after);
    if matches!(error, ApiError::TooManyConnections) {
        metrics.record_shed("connections");
    }
    tracing::info!(
        request.id = %id,
        status = status.as_u16(),
        duration_us = u64::try_from(after.as_micros()).unwrap_or(u64::MAX),
        reason = %error,
        "answered what was not read"
    );

    SecurityHeaders::for_unparsed_request().apply(response.head_mut());
    let (head, body) = response.into_parts();
    // The body is there as a whole.
    let body = body.try_into_bytes().unwrap_or_default();
    let mut headers = head.headers().clone();
    headers.insert(X_REQUEST_ID, id.header());
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if let Ok(now) = HttpDate::from(SystemTime::now()).try_into_value() {
        headers.insert(DATE, now);
    }

    let mut answer = Vec::with_capacity(1_024);
    let reason = status.canonical_reason().unwrap_or_default();
    // Writing to memory does not fail.
    let _ = write!(answer, "HTTP/1.1 {} {reason}\r\n", status.as_u16());
    for (name, value) in &headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            answer.extend_from_slice(part);
        }
    }
    answer.extend_from_slice(b"\r\n");
    if !is_head {
        answer.extend_from_slice(&body);
    }
    answer
}
