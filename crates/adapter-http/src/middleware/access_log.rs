//! The access log: one record per request. For an error, the record contains all causes.
//!
//! The logger of actix is not used: it logs paths and queries, which can contain tokens, and it does not log the causes
//! of errors.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::BoxBody,
    dev::{Extensions, ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{ConnectionType, Method, StatusCode},
};
use wts_app::ErrorChain;
use wts_domain::{Access, Language, TicketId};

use super::{
    MiddlewareState, accept_language::preferred_language, cors::Cors, request_id::RequestId,
    security_headers, trace_context::TraceParent,
};
use crate::{
    constants::X_REQUEST_ID,
    error::ApiError,
    request_class::{RequestClass, WaitedFor},
    routes::{Callers, Route},
};

/// The target of access log records, to select them in a filter.
pub const ACCESS_LOG_TARGET: &str = module_path!();

/// The access log record of a request. It contains neither the path nor the query, because clients can send tokens in
/// them.
pub(super) struct AccessLogEntry {
    state: Arc<MiddlewareState>,
    id: RequestId,
    method: Method,
    route: Option<&'static Route>,
    trace: Option<TraceParent>,
    begun: Instant,
    cors: Cors,
    /// Whether the request is the last one on its connection.
    is_last: bool,
}

impl AccessLogEntry {
    pub(super) fn begin(
        request: &ServiceRequest,
        route: Option<&'static Route>,
        is_last: bool,
        state: Arc<MiddlewareState>,
    ) -> Self {
        Self {
            state,
            id: RequestId::from_request(request),
            method: request.method().clone(),
            route,
            trace: TraceParent::from_headers(request.headers()),
            begun: Instant::now(),
            cors: Cors::for_request(request),
            is_last,
        }
    }

    pub(super) fn id(&self) -> &RequestId {
        &self.id
    }

    pub(super) fn cors(&self) -> &Cors {
        &self.cors
    }

    /// Logs the response, translates an error message into the client's language and sets the common response headers.
    pub(super) fn end(self, mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let error = response.response().error();
        self.emit(response.status(), &response.request().extensions(), error);
        if let Some(error) = error.and_then(Error::as_error::<ApiError>) {
            let language = preferred_language(response.request().headers());
            if language != Language::English {
                *response.response_mut() = error.response_in(language);
            }
        }
        self.set_headers(response.response_mut());
        response
    }

    /// Logs an error whose request has been consumed and its response, and sets the common response headers. The message
    /// stays in English, because the API document fixes the messages of timeouts and panics.
    pub(super) fn end_with_error(self, error: Error) -> Error {
        let mut response = error.error_response();
        self.emit(response.status(), &Extensions::new(), Some(&error));
        self.set_headers(&mut response);
        InternalError::from_response(error, response).into()
    }

    fn set_headers(&self, response: &mut HttpResponse) {
        let head = response.head_mut();
        head.headers_mut().insert(X_REQUEST_ID, self.id.0.clone());
        security_headers::apply(head);
        self.cors.apply(head.headers_mut());
        // The end of the request is unknown, so the server cannot find the next request on the connection.
        if self.is_last
            || head.status == StatusCode::PAYLOAD_TOO_LARGE
            || self.state.health.is_stopping()
        {
            head.set_connection_type(ConnectionType::Close);
        }
    }

    /// Counts the response in the metrics and writes the access log record. The ticket id and the caller's rank are in
    /// the request extensions.
    fn emit(&self, status: StatusCode, details: &Extensions, error: Option<&Error>) {
        let duration = self.begun.elapsed();
        let route = self.route.map(|route| route.label);
        let waited = details
            .get::<WaitedFor>()
            .map_or(Duration::ZERO, |waited| waited.0);
        self.state.metrics.record_response(
            route.unwrap_or("none"),
            status.as_u16(),
            duration.saturating_sub(waited),
        );
        match error.and_then(Error::as_error) {
            Some(ApiError::TooManyConnections) => {
                self.state.metrics.record_shed("connection_limit");
            }
            Some(ApiError::TooManyLongLived) => self.state.metrics.record_shed("long_lived_limit"),
            Some(ApiError::TooManyInFlight) => self.state.metrics.record_shed("in_flight_limit"),
            Some(ApiError::Busy) => self.state.metrics.record_shed("batch_queue"),
            _ => {}
        }
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    request.id = %self.id,
                    trace.id = self.trace.as_ref().map(|trace| tracing::field::display(trace.trace())),
                    trace.parent_id = self.trace.as_ref().map(|trace| tracing::field::display(trace.parent())),
                    trace.sampled = self.trace.as_ref().map(TraceParent::is_sampled),
                    method = %self.method,
                    route,
                    ticket.id = details.get::<TicketId>().map(|ticket| ticket.get()),
                    caller.rank = details.get::<Access>().map(|rank| rank.as_str()),
                    status = status.as_u16(),
                    duration_ms = duration.as_secs_f64() * 1_000.0,
                    reason = error.map(|error| tracing::field::display(reason(error))),
                    "handled a request"
                )
            };
        }
        let is_health = |route: &Route| route.class == RequestClass::Health;
        let is_admin = |route: &Route| route.callers == Callers::Administrators;
        match status {
            // Health checks and metrics requests are logged at a lower level, because they arrive every few seconds.
            _ if self.route.is_some_and(is_health) => log!(debug),
            status if status.is_success() && self.route.is_some_and(is_admin) => log!(debug),
            StatusCode::SERVICE_UNAVAILABLE => log!(warn),
            status if status.is_server_error() => log!(error),
            _ => log!(info),
        }
    }
}

/// Returns an error and its causes on one line.
fn reason(error: &Error) -> String {
    match error.as_error::<ApiError>() {
        Some(error) => ErrorChain(error).to_string(),
        None => error.to_string(),
    }
}
