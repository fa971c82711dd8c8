//! The middleware of all routes: size limits, rate limit, concurrency limit, request id, access log, security headers,
//! CORS, request timeout, and responses for panicking handlers.

mod accept_language;
mod access_log;
mod cors;
mod request_head;
mod request_id;
mod security_headers;
mod trace_context;
mod tracked_body;

use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc};

use actix_web::{
    Error, FromRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use tokio::{task::yield_now, time::timeout};

#[cfg(feature = "bench")]
pub(crate) use self::accept_language::preferred_language;
pub use self::access_log::ACCESS_LOG_TARGET;
use self::access_log::AccessLogEntry;
use crate::{
    client_address::client_address,
    error::ApiError,
    health::Health,
    metrics::HttpMetrics,
    rate_limit::RateLimiters,
    request_class::{ConnectionHandle, InFlightGuard, RequestClass},
    routes::{Callers, MAX_DISCARDED_BODY_BYTES, Route, RouteTable},
    settings::HttpSettings,
};

/// The state of the middleware, which all workers share.
pub(crate) struct MiddlewareState {
    pub(crate) routes: RouteTable,
    pub(crate) settings: HttpSettings,
    pub(crate) health: Health,
    pub(crate) metrics: HttpMetrics,
}

impl MiddlewareState {
    /// Checks the rate limit of the address and the concurrency limit.
    fn admit(
        &self,
        request: &ServiceRequest,
        route: Option<&Route>,
        connection: &ConnectionHandle,
    ) -> Result<InFlightGuard, ApiError> {
        let class = route.map_or(RequestClass::Unary, |route| route.class);
        // The other requests are counted per caller, after their token has been verified.
        let is_counted_here = class != RequestClass::Health
            && !route.is_some_and(|route| {
                route.callers == Callers::TokenHolders && route.allows(request.method())
            });
        if is_counted_here && let Some(limits) = request.app_data::<Data<RateLimiters>>() {
            limits.check_address(|| client_address(request.request()))?;
        }
        connection.begin(class, self.settings.max_in_flight.get())
    }
}

/// Handles a request: runs all checks, calls the handler, and sets the common headers of the response.
pub(crate) async fn handle(
    state: Data<MiddlewareState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state: Arc<MiddlewareState> = state.into_inner();
    let connection = ConnectionHandle::extract(request.request()).await?;
    let route = state.routes.find(request.match_info().as_str());
    let is_last = connection.is_over_limit() || request_head::is_last(&request);
    let entry = AccessLogEntry::begin(&request, route, is_last, Arc::clone(&state));
    if connection.mark_last_and_check(is_last) {
        // This lets the connection first write the response to the preceding request.
        yield_now().await;
        connection.abort();
        return Ok(entry.end(request.error_response(ApiError::AmbiguousFraming)));
    }
    if connection.is_over_limit() {
        return Ok(entry.end(request.error_response(ApiError::TooManyConnections)));
    }
    let max_body_bytes = route.map_or(MAX_DISCARDED_BODY_BYTES, |route| route.max_body_bytes);
    if let Err(error) = request_head::check(&request, max_body_bytes) {
        return Ok(entry.end(request.error_response(error)));
    }
    if let Some(response) = entry.cors().preflight(&request) {
        return Ok(entry.end(request.into_response(response)));
    }
    let guard = match state.admit(&request, route, &connection) {
        Ok(guard) => guard,
        Err(error) => return Ok(entry.end(request.error_response(error))),
    };
    let mut response = pin!(AssertUnwindSafe(next.call(request)).catch_unwind());
    let outcome = match timeout(state.settings.request_timeout, &mut response).await {
        Err(_) if connection.is_long_lived() => Ok(response.await),
        outcome => outcome,
    };
    match outcome {
        Ok(Ok(Ok(response))) => {
            let id = entry.id().clone();
            let limit = (!connection.is_streaming()).then_some(state.settings.response_timeout);
            let response = entry.end(response.map_into_boxed_body());
            Ok(response.map_body(|_, body| tracked_body::track_body(body, guard, limit, id)))
        }
        // In the following three cases the request has been consumed, so the response is returned as an error.
        Ok(Ok(Err(error))) => Err(entry.end_with_error(error)),
        Ok(Err(_panic)) => {
            let error = ApiError::Internal("the request's handler panicked");
            Err(entry.end_with_error(error.into()))
        }
        Err(_elapsed) => Err(entry.end_with_error(ApiError::HandlerTimeout.into())),
    }
}
