//! CORS (Fetch standard): response headers that allow web pages of other origins to read responses. By default no other
//! origin is allowed. Credentials are never allowed.
//!
//! `actix-cors` is not used: it rejects preflight requests with plain text instead of the error body, and sends
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
/// The request headers that a page may send in addition to the safelisted ones. Common libraries send the last four by
/// default.
const ALLOW_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, if-none-match, prefer, last-event-id, x-request-id, traceparent, tracestate, baggage, \
     content-type, cache-control, pragma, x-requested-with",
);
/// The response headers that a page may read in addition to the safelisted ones.
const EXPOSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "etag, preference-applied, retry-after, www-authenticate, x-request-id",
);
/// The time in seconds for which a browser may cache the response to a preflight request. Browsers use at most two
/// hours.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The CORS headers of a response.
pub(super) struct Cors {
    /// Whether the list of allowed origins contains an origin.
    is_enabled: bool,
    /// The origin of the request, if it is allowed.
    origin: Option<HeaderValue>,
}

impl Cors {
    pub(super) fn for_request(request: &ServiceRequest) -> Self {
        let settings = request.app_data::<Data<HttpSettings>>();
        let allowed = settings.map(|settings| &settings.cors_origins);
        let allowed = allowed.filter(|allowed| !allowed.is_empty());
        let origin = request.headers().get(ORIGIN).cloned();
        Self {
            is_enabled: allowed.is_some(),
            origin: origin.filter(|origin| allowed.is_some_and(|allowed| allowed.contains(origin))),
        }
    }

    pub(super) fn apply(&self, response: &mut HeaderMap) {
        if self.is_enabled {
            // `Vary` is for caches: the response depends on the `Origin` header.
            response.append(VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = &self.origin {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSE_HEADERS);
            let policy = HeaderValue::from_static("cross-origin");
            response.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, policy);
        }
    }

    /// Returns the response to a preflight request from an allowed origin, or `None` for any other request.
    pub(super) fn preflight(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        self.origin.as_ref()?;
        let is_preflight = request.method() == Method::OPTIONS
            && request
                .headers()
                .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        is_preflight.then(|| {
            HttpResponse::NoContent()
                .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
                .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS))
                .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
                .finish()
        })
    }
}
