//! Where a request ends (RFC 9112 6, 11.2). Two who disagree on that, a proxy and this service say, can be made to take
//! part of one request for another.
//!
//! The server itself refuses lengths that contradict each other or are no numbers, unknown encodings and folded fields.
//! What is left is refused here, or is the last on its connection.

use std::{
    cell::Cell,
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

/// Nothing here asks for a body. One that is no longer than this is passed over, in bytes.
const LONGEST_BODY: u64 = 64 * 1024;
/// Some who pass requests on take an underscore for a hyphen.
const LOOKALIKES: [HeaderName; 2] = [
    HeaderName::from_static("content_length"),
    HeaderName::from_static("transfer_encoding"),
];

/// # Errors
///
/// If others could read the request differently, or it has too long a body.
pub(super) fn check(request: &ServiceRequest) -> Result<(), ApiError> {
    let headers = request.headers();
    if LOOKALIKES.iter().any(|name| headers.contains_key(name))
        || !has_valid_host(headers)
        || contradicts_host(request)
        || headers.get(CONTENT_LENGTH).is_some_and(is_misspelled)
    {
        return Err(ApiError::Ambiguous);
    }
    if length(headers).is_some_and(|length| length > LONGEST_BODY) {
        return Err(ApiError::BodyTooLong);
    }
    Ok(())
}

/// Whether nothing that follows on the connection shall be taken for another request, because the request has a body, asks
/// for another protocol or for the end (RFC 9112 9.6), or can be read in more than one way.
pub(super) fn is_last(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(TRANSFER_ENCODING)
        || length(headers).is_some_and(|length| length > 0)
        || headers.contains_key(UPGRADE)
        || request.head().connection_type() == ConnectionType::Close
        || check(request).is_err()
}

/// Whether a connection has seen its last request. The server would go on with what it has read already.
#[derive(Default)]
pub(crate) struct Over(Cell<bool>);

impl Over {
    /// Takes note of a request, which may be the last. Says whether it should not be there.
    pub(super) fn takes(request: &ServiceRequest, is_last: bool) -> bool {
        request
            .conn_data::<Self>()
            .is_some_and(|over| over.0.replace(over.0.get() || is_last))
    }
}

/// What ends a connection without another word.
pub(super) struct Cut;

impl MessageBody for Cut {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    // The server has seen that it is a number.
    headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Whether a length is written with more zeros than it needs. Some take such a number for an octal one, and some see that there
/// is a body by anything but a single zero.
fn is_misspelled(length: &HeaderValue) -> bool {
    let digits = length.as_bytes().trim_ascii();
    digits.len() > 1 && digits.starts_with(b"0")
}

/// Whether the target names another host than `Host`, or a user. RFC 9112 3.2.2 has a server believe the target, and others
/// before it may have believed the field.
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

/// RFC 9110 7.2: a name or an address, and perhaps a port; nothing that another could take for a user, a path or a list.
fn has_valid_host(headers: &HeaderMap) -> bool {
    headers.get(HOST).is_none_or(|host| {
        host.as_bytes()
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_~:[]%".contains(byte))
    })
}
