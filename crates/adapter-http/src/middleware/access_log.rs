//! The access log: one record a request, with the cause of an error.
//!
//! Our own, because the framework's logger prints paths and queries, which may hold tokens, and not the causes.

use std::{sync::Arc, time::Instant};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{ConnectionType, Method, StatusCode},
};
use wts_app::ErrorChain;
use wts_domain::{Access, TicketId};

use super::{
    MiddlewareState, request_id::RequestId, security_headers::SecurityHeaders,
    trace_context::TraceParent,
};
use crate::{
    constants::X_REQUEST_ID,
    error::ApiError,
    request_class::RequestClass,
    routes::{Callers, Route},
};

/// The target of the access log's records.
pub const ACCESS_LOG_TARGET: &str = module_path!();

/// The record of a request. It has neither path nor query: clients may put anything there, such as a token.
pub(super) struct AccessLogEntry {
    state: Arc<MiddlewareState>,
    id: RequestId,
    method: Method,
    route: Option<&'static Route>,
    trace: Option<TraceParent>,
    begun: Instant,
    headers: SecurityHeaders,
}

/// What the handler found out about a request.
#[derive(Default)]
struct RequestDetails {
    ticket: Option<TicketId>,
    rank: Option<Access>,
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
            headers: SecurityHeaders::new(request, is_last),
        }
    }

    pub(super) fn id(&self) -> &RequestId {
        &self.id
    }

    /// Logs the response and sets its headers.
    pub(super) fn end(self, mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let details = {
            let extensions = response.request().extensions();
            RequestDetails {
                ticket: extensions.get::<TicketId>().copied(),
                rank: extensions.get::<Access>().copied(),
            }
        };
        self.emit(response.status(), &details, response.response().error());
        self.set_response_headers(response.response_mut());
        response
    }

    /// Logs the response that an error becomes, and sets its headers.
    pub(super) fn end_with_error(self, error: Error) -> Error {
        let mut response = error.error_response();
        self.emit(response.status(), &RequestDetails::default(), Some(&error));
        self.set_response_headers(&mut response);
        InternalError::from_response(error, response).into()
    }

    /// Sets the headers that every response has.
    fn set_response_headers<B>(&self, response: &mut HttpResponse<B>) {
        let head = response.head_mut();
        if self.state.health.is_stopping() {
            head.set_connection_type(ConnectionType::Close);
        }
        head.headers_mut().insert(X_REQUEST_ID, self.id.header());
        self.headers.apply(head);
    }

    /// Counts the response and logs it.
    fn emit(&self, status: StatusCode, details: &RequestDetails, error: Option<&Error>) {
        let duration = self.begun.elapsed();
        let route = self.route.map(|route| route.label);
        self.state
            .metrics
            .record_response(route.unwrap_or("none"), status.as_u16(), duration);
        match error.and_then(Error::as_error) {
            Some(ApiError::TooManyConnections) => self.state.metrics.record_shed("connections"),
            Some(ApiError::TooManyInFlight) => self.state.metrics.record_shed("in flight"),
            Some(ApiError::Busy) => self.state.metrics.record_shed("queue"),
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
                    ticket.id = details.ticket.map(TicketId::get),
                    caller.rank = details.rank.map(Access::as_str),
                    status = status.as_u16(),
                    duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
                    reason = error.map(|error| tracing::field::display(reason(error))),
                    "answered a request"
                )
            };
        }
        let is_health = self
            .route
            .is_some_and(|route| route.class == RequestClass::Health);
        let is_admin = self
            .route
            .is_some_and(|route| route.callers == Callers::Administrators);
        match status {
            // Health checks and scrapes come every few seconds.
            _ if is_health => log!(debug),
            status if is_admin && status.is_success() => log!(debug),
            StatusCode::SERVICE_UNAVAILABLE => log!(warn),
            status if status.is_server_error() => log!(error),
            _ => log!(info),
        }
    }
}

/// An error and its causes, in one line.
fn reason(error: &Error) -> String {
    match error.as_error::<ApiError>() {
        Some(error) => ErrorChain(error).to_string(),
        None => error.to_string(),
    }
}
