//! CORS (Fetch standard): which pages may read responses. Closed by default, and never with cookies.
//!
//! Ours and not `actix-cors`, which rejects preflights with a text instead of the error body, and sends
//! `Access-Control-Expose-Headers` to every origin.

use actix_web::{
    HttpResponse,
    dev::ServiceRequest,
    http::{
        Method,
        header::{
            self, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
            ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN, VARY,
        },
    },
    web::Data,
};

use crate::settings::HttpSettings;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");
/// Headers that a page may send beyond the safelisted ones; common libraries send the last four by default.
const ALLOW_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, if-none-match, x-request-id, traceparent, \
     content-type, cache-control, pragma, x-requested-with",
);
/// Headers that a page may read beyond the safelisted ones.
const EXPOSE_HEADERS: HeaderValue =
    HeaderValue::from_static("etag, retry-after, www-authenticate, x-request-id");
/// How long a browser may cache a preflight, in seconds; no browser does for more than two hours.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// What a page may do.
pub(super) enum Cors {
    /// No origin is configured.
    Closed,
    /// The request has no origin, or one that is not allowed.
    Denied,
    /// A page of this origin may read the response.
    Allowed(HeaderValue),
}

impl Cors {
    pub(super) fn for_request(request: &ServiceRequest) -> Self {
        match request.app_data::<Data<HttpSettings>>() {
            Some(settings) if !settings.cors_origins.is_empty() => request
                .headers()
                .get(ORIGIN)
                .filter(|origin| settings.cors_origins.contains(origin))
                .map_or(Self::Denied, |origin| Self::Allowed(origin.clone())),
            _ => Self::Closed,
        }
    }

    pub(super) fn apply(&self, response: &mut HeaderMap) {
        if let Self::Closed = self {
            return;
        }
        // For caches: the response depends on the origin.
        response.append(VARY, HeaderValue::from_static("origin"));
        if let Self::Allowed(origin) = self {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSE_HEADERS);
            response.insert(
                header::CROSS_ORIGIN_RESOURCE_POLICY,
                HeaderValue::from_static("cross-origin"),
            );
        }
    }
}

/// Returns the response to the preflight of a page that may read responses.
pub(super) fn preflight(request: &ServiceRequest) -> Option<HttpResponse> {
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    (is_preflight && matches!(Cors::for_request(request), Cors::Allowed(_))).then(|| {
        HttpResponse::NoContent()
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS))
            .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
            .finish()
    })
}
