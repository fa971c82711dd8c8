//! What keeps an answer from being misused: by a page of somebody else's, or by a second request that hides behind the
//! first.

use actix_web::{
    dev::{ResponseHead, ServiceRequest},
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};

use super::{cors::Cors, framing};

/// On every answer, unless it says something else itself. Nothing here is a page, to be shown, framed or guessed at.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::CROSS_ORIGIN_RESOURCE_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
];
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// How the answer to a request is protected.
pub(super) struct Protection {
    cors: Cors,
    /// Whether the request is the last one on its connection.
    pub(super) is_last: bool,
}

impl Protection {
    pub(super) fn of(request: &ServiceRequest) -> Self {
        Self {
            cors: Cors::of(request),
            is_last: framing::is_last(request),
        }
    }

    /// Of the answer to what could not be read.
    pub(super) fn of_the_unread() -> Self {
        Self {
            cors: Cors::Closed,
            is_last: true,
        }
    }

    pub(super) fn apply(&self, answer: &mut ResponseHead) {
        let is_fault = answer.status.is_client_error() || answer.status.is_server_error();
        for (name, value) in &HEADERS {
            if !answer.headers.contains_key(name) {
                answer.headers.insert(name.clone(), value.clone());
            }
        }
        if is_fault && !answer.headers.contains_key(header::CACHE_CONTROL) {
            answer.headers.insert(header::CACHE_CONTROL, NO_STORE);
        }
        self.cors.apply(&mut answer.headers);
        // What follows a request that could not be read is not read either.
        if self.is_last || answer.status == StatusCode::PAYLOAD_TOO_LARGE {
            answer.set_connection_type(ConnectionType::Close);
        }
    }
}
