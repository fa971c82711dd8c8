//! The security headers of responses, which restrict how browsers use a response.

use actix_web::{
    dev::ResponseHead,
    http::header::{self, HeaderName, HeaderValue},
};

/// The headers that every response gets unless the handler has set them.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

/// The header that every error response also gets.
const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

pub(super) fn apply(response: &mut ResponseHead) {
    let is_error = response.status.is_client_error() || response.status.is_server_error();
    for (name, value) in HEADERS.into_iter().chain(is_error.then_some(NO_STORE)) {
        if !response.headers.contains_key(&name) {
            let value = HeaderValue::from_static(value);
            response.headers.insert(name, value);
        }
    }
}
