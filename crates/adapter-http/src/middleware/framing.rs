//! Protection from request smuggling (RFC 9112 6, 11.2): a proxy and this service must agree where a request ends.
//!
//! The HTTP server rejects lengths that contradict each other or are no numbers, unknown encodings and folded fields. Other
//! ambiguous requests are rejected here, or are the last on their connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, MessageBody},
    dev::ServiceRequest,
    http::{
        ConnectionType,
        header::{
            CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
        },
    },
    web::Bytes,
};

use crate::error::ApiError;

/// Some proxies read an underscore as a hyphen.
const SPOOFED_HEADER_NAMES: [HeaderName; 2] = [
    HeaderName::from_static("content_length"),
    HeaderName::from_static("transfer_encoding"),
];

/// # Errors
///
/// Returns [`ApiError::AmbiguousFraming`] if a proxy could read the request differently.
pub(super) fn check(request: &ServiceRequest) -> Result<(), ApiError> {
    let headers = request.headers();
    if SPOOFED_HEADER_NAMES
        .iter()
        .any(|name| headers.contains_key(name))
        || !has_valid_host(headers)
        || contradicts_host(request)
        || headers.get(CONTENT_LENGTH).is_some_and(has_leading_zero)
    {
        return Err(ApiError::AmbiguousFraming);
    }
    Ok(())
}

/// Whether the request is the last on its connection: it has a body, asks for another protocol or for the end (RFC 9112
/// 9.6), or can be read in more than one way.
pub(super) fn is_last(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(TRANSFER_ENCODING)
        || content_length(headers).is_some_and(|length| length > 0)
        || headers.contains_key(UPGRADE)
        || request.head().connection_type() == ConnectionType::Close
        || check(request).is_err()
}

/// A body that ends the connection without a response.
pub(super) struct AbortBody;

impl MessageBody for AbortBody {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }
}

pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    // The HTTP server has checked that it is a number.
    headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Whether a length has a superfluous zero: some read such a number as octal, some detect a body by anything but a single
/// zero.
fn has_leading_zero(length: &HeaderValue) -> bool {
    let digits = length.as_bytes().trim_ascii();
    digits.len() > 1 && digits.starts_with(b"0")
}

/// Whether the target names another host than `Host`, or a user. RFC 9112 3.2.2 lets the target win, but a proxy may have
/// gone by the field.
fn contradicts_host(request: &ServiceRequest) -> bool {
    let target = request.uri();
    let Some(authority) = target.authority().filter(|_| target.scheme().is_some()) else {
        return false;
    };
    let host = request.headers().get(HOST);
    authority.as_str().contains('@')
        || host.is_some_and(|host| {
            !host
                .as_bytes()
                .eq_ignore_ascii_case(authority.as_str().as_bytes())
        })
}

/// Whether `Host` is a name or an address with or without a port (RFC 9110 7.2), and nothing that could be read as a user,
/// a path or a list.
fn has_valid_host(headers: &HeaderMap) -> bool {
    headers.get(HOST).is_none_or(|host| {
        host.as_bytes()
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_~:[]%".contains(byte))
    })
}
