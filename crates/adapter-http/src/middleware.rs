//! The middleware around every route: size limits, rate limit, concurrency limit, request id, access log, security headers,
//! CORS, the request timeout and a catch for panics.

mod access_log;
mod concurrency_limit;
mod cors;
mod framing;
mod request_id;
mod security_headers;
mod size_limits;
mod trace_context;
mod unread;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use tokio::{task::yield_now, time::timeout};

pub use self::access_log::ACCESS_LOG_TARGET;
use self::{access_log::AccessLogEntry, concurrency_limit::ConcurrencyLimit};
pub(crate) use self::{
    framing::ConnectionClosing, size_limits::MAX_TARGET_BYTES, unread::refuse_unread,
};
use crate::{
    client_address::client_address, error::ApiError, health::Health, metrics::HttpMetrics,
    rate_limit::RateLimiters, routes, settings::HttpSettings,
};

/// The state of the middleware, shared by all workers.
pub(crate) struct MiddlewareState {
    pub(crate) concurrency: ConcurrencyLimit,
    request_timeout: Duration,
    answer_timeout: Duration,
    health: Health,
    metrics: HttpMetrics,
    /// Whether this is the administrators' listener, which is scraped every few seconds: the log has its success
    /// responses at debug level only.
    is_admin: bool,
}

impl MiddlewareState {
    pub(crate) fn new(settings: &HttpSettings, health: &Health, metrics: &HttpMetrics) -> Self {
        Self {
            concurrency: ConcurrencyLimit::new(settings.max_in_flight.get(), metrics.clone()),
            request_timeout: settings.request_timeout,
            answer_timeout: settings.answer_timeout,
            health: health.clone(),
            metrics: metrics.clone(),
            is_admin: false,
        }
    }

    /// Creates the state of the administrators' listener.
    pub(crate) fn for_admin(settings: &HttpSettings, health: &Health) -> Self {
        Self {
            is_admin: true,
            // Requests for metrics are not counted in them.
            ..Self::new(settings, health, &HttpMetrics::default())
        }
    }
}

/// Handles a request and its response.
pub(crate) async fn handle(
    state: Data<MiddlewareState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state: Arc<MiddlewareState> = state.into_inner();
    let entry = AccessLogEntry::begin(&request, Arc::clone(&state));
    if ConnectionClosing::mark_last_and_check(&request, entry.is_last()) {
        // Meanwhile the answer to the last request is sent.
        yield_now().await;
        let cut = request.error_response(ApiError::AmbiguousFraming);
        return Ok(entry
            .end(cut)
            .map_body(|_, _| BoxBody::new(framing::AbortBody)));
    }
    if let Err(refusal) = framing::check(&request).and_then(|()| size_limits::check(&request)) {
        return Ok(entry.end(request.error_response(refusal)));
    }
    if let Some(answer) = cors::preflight(&request) {
        return Ok(entry.end(request.into_response(answer)));
    }
    if !routes::is_counted_by_token(&request) && !routes::is_health(entry.route()) {
        let limits: Option<&Data<RateLimiters>> = request.app_data();
        let counted = limits.map_or(Ok(()), |limits| {
            limits.check_address(|| client_address(request.request()))
        });
        if let Err(refusal) = counted {
            return Ok(entry.end(request.error_response(refusal)));
        }
    }
    let in_flight = if routes::is_health(entry.route()) {
        None
    } else {
        match state.concurrency.try_acquire() {
            Ok(guard) => Some(guard),
            Err(refusal) => return Ok(entry.end(request.error_response(refusal))),
        }
    };
    let answer = AssertUnwindSafe(async { next.call(request).await }).catch_unwind();
    match timeout(state.request_timeout, answer).await {
        Ok(Ok(Ok(response))) => {
            let id = entry.id().clone();
            let response = entry.end(response.map_into_boxed_body());
            Ok(response.map_body(|_, body| {
                concurrency_limit::track_body(body, in_flight, state.answer_timeout, id)
            }))
        }
        // The request is lost with these three, so that their responses are returned as errors.
        Ok(Ok(Err(error))) => Err(entry.end_with_error(error)),
        Ok(Err(_panic)) => {
            Err(entry.end_with_error(ApiError::Internal("the request's handler panicked").into()))
        }
        Err(_elapsed) => Err(entry.end_with_error(ApiError::HandlerTimeout.into())),
    }
}
