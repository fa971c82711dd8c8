//! Response headers that keep browsers and proxies from misusing a response.

use actix_web::{
    dev::{ResponseHead, ServiceRequest},
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};

use super::cors::Cors;

/// On every response that does not set them itself.
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

/// The headers of the response to a request.
pub(super) struct SecurityHeaders {
    cors: Cors,
    /// Whether the request is the last one on its connection.
    is_last: bool,
}

impl SecurityHeaders {
    pub(super) fn new(request: &ServiceRequest, is_last: bool) -> Self {
        Self {
            cors: Cors::for_request(request),
            is_last,
        }
    }

    pub(super) fn apply(&self, response: &mut ResponseHead) {
        let is_error = response.status.is_client_error() || response.status.is_server_error();
        for (name, value) in &HEADERS {
            if !response.headers.contains_key(name) {
                response.headers.insert(name.clone(), value.clone());
            }
        }
        if is_error && !response.headers.contains_key(header::CACHE_CONTROL) {
            response.headers.insert(header::CACHE_CONTROL, NO_STORE);
        }
        self.cors.apply(&mut response.headers);
        // The rest of the connection cannot be read as requests.
        if self.is_last || response.status == StatusCode::PAYLOAD_TOO_LARGE {
            response.set_connection_type(ConnectionType::Close);
        }
    }
}
