//! Checks of the request head: size limits, and protection from request smuggling (RFC 9112 6, 11.2). A proxy and
//! this service must agree on the end of each request.
//!
//! actix rejects contradictory lengths, lengths that are not numbers, unknown transfer codings and folded headers. This
//! module rejects other ambiguous requests, or closes the connection after them.

use actix_web::{
    dev::ServiceRequest,
    http::{
        ConnectionType,
        header::{
            CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
        },
    },
};

use crate::error::ApiError;

/// The maximum total length of the path and the query.
const MAX_TARGET_BYTES: usize = 8 * 1_024;
/// The maximum total length of all header names and values. It is much larger than the longest accepted token, so a
/// request with a longer token gets 401.
const MAX_HEADER_BYTES: usize = 64 * 1_024;
/// The header names with an underscore that some proxies treat like the names with a hyphen.
const SPOOFED_HEADER_NAMES: [HeaderName; 2] = [
    HeaderName::from_static("content_length"),
    HeaderName::from_static("transfer_encoding"),
];

/// Checks the request head.
///
/// # Errors
///
/// Returns an error if a proxy could interpret the request differently, or if a limit is exceeded.
pub(super) fn check(request: &ServiceRequest, max_body_bytes: u64) -> Result<(), ApiError> {
    let headers = request.headers();
    let header_bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let target = request.uri().path_and_query();
    if is_ambiguous(request) {
        Err(ApiError::AmbiguousFraming)
    } else if content_length(headers) > max_body_bytes {
        Err(ApiError::BodyTooLong)
    } else if target.is_some_and(|target| target.as_str().len() > MAX_TARGET_BYTES) {
        Err(ApiError::TargetTooLong)
    } else if header_bytes > MAX_HEADER_BYTES {
        Err(ApiError::HeaderTooLong)
    } else {
        Ok(())
    }
}

/// Returns whether the connection is closed after the request: the request has a body, requests a protocol upgrade or
/// the end of the connection (RFC 9112 9.6), or is ambiguous.
pub(super) fn is_last(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(TRANSFER_ENCODING)
        || content_length(headers) > 0
        || headers.contains_key(UPGRADE)
        || request.head().connection_type() == ConnectionType::Close
        || is_ambiguous(request)
}

fn is_ambiguous(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    let is_spoofed = |name| headers.contains_key(name);
    SPOOFED_HEADER_NAMES.iter().any(is_spoofed)
        || headers.get(HOST).is_some_and(is_invalid_host)
        || contradicts_host(request)
        || headers.get(CONTENT_LENGTH).is_some_and(has_leading_zero)
}

fn content_length(headers: &HeaderMap) -> u64 {
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.trim().parse().ok());
    length.unwrap_or(0) // The HTTP server has checked that it is a number.
}

/// Returns whether a length has a leading zero. Some parsers read a number with a leading zero as octal, and some
/// assume that there is a body unless the value is a single zero.
fn has_leading_zero(length: &HeaderValue) -> bool {
    let digits = length.as_bytes().trim_ascii();
    digits.len() > 1 && digits.starts_with(b"0")
}

/// Returns whether the request target contains a user, or another host than the `Host` header. RFC 9112 3.2.2 gives
/// precedence to the target, but a proxy may have used the header.
fn contradicts_host(request: &ServiceRequest) -> bool {
    let target = request.uri();
    let Some(authority) = target.authority().filter(|_| target.scheme().is_some()) else {
        return false;
    };
    let authority = authority.as_str().as_bytes();
    let host = request.headers().get(HOST);
    authority.contains(&b'@')
        || host.is_some_and(|host| !host.as_bytes().eq_ignore_ascii_case(authority))
}

/// Returns whether the `Host` header contains a character that is not part of a name or address with an optional port
/// (RFC 9110 7.2). A proxy could interpret such a value as a user, a path or a list.
fn is_invalid_host(host: &HeaderValue) -> bool {
    let mut bytes = host.as_bytes().iter();
    !bytes.all(|byte| byte.is_ascii_alphanumeric() || b".-_~:[]%".contains(byte))
}
