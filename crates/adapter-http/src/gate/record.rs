//! The access record: one a request, with the cause of what went wrong.

use std::{error::Error as _, fmt, sync::Arc, time::Instant};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{ConnectionType, Method, StatusCode},
};
use wts_domain::{Access, TicketId};

use super::{
    Gate,
    protection::Protection,
    request_id::{RequestId, X_REQUEST_ID},
    trace_context::TraceParent,
};
use crate::{error::ApiError, routes};

/// The target of the access records, by which whoever prints records or passes them on knows them.
pub const ACCESS_RECORDS: &str = module_path!();

/// What is known of a request before it is answered. Neither path nor query are: there is no telling what clients put
/// there, a token perhaps.
pub(super) struct Record {
    gate: Arc<Gate>,
    id: RequestId,
    method: Method,
    route: Option<&'static str>,
    trace: Option<TraceParent>,
    begun: Instant,
    protection: Protection,
}

/// What is known of a request once it has been looked at.
#[derive(Default)]
struct Asked {
    ticket: Option<TicketId>,
    rank: Option<Access>,
}

impl Record {
    pub(super) fn begin(request: &ServiceRequest, gate: Arc<Gate>) -> Self {
        Self {
            gate,
            id: RequestId::of(request),
            method: request.method().clone(),
            route: routes::known(request.path()),
            trace: TraceParent::of(request.headers()),
            begun: Instant::now(),
            protection: Protection::of(request),
        }
    }

    pub(super) fn id(&self) -> &RequestId {
        &self.id
    }

    /// The path that was asked for, if it is one of ours.
    pub(super) fn route(&self) -> Option<&'static str> {
        self.route
    }

    /// Logs the answer and names it.
    pub(super) fn end(self, mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let asked = {
            let extensions = response.request().extensions();
            Asked {
                ticket: extensions.get::<TicketId>().copied(),
                rank: extensions.get::<Access>().copied(),
            }
        };
        self.tell(response.status(), &asked, response.response().error());
        self.seal(response.response_mut());
        response
    }

    /// Logs the answer that an error becomes, and names it.
    pub(super) fn end_with_error(self, error: Error) -> Error {
        let mut response = error.error_response();
        self.tell(response.status(), &Asked::default(), Some(&error));
        self.seal(&mut response);
        InternalError::from_response(error, response).into()
    }

    /// Whether the request is the last on its connection.
    pub(super) fn is_last(&self) -> bool {
        self.protection.is_last
    }

    /// Names the answer and protects it.
    fn seal<B>(&self, answer: &mut HttpResponse<B>) {
        let head = answer.head_mut();
        if self.gate.health.is_stopping() {
            head.set_connection_type(ConnectionType::Close);
        }
        head.headers_mut().insert(X_REQUEST_ID, self.id.header());
        self.protection.apply(head);
    }

    /// Counts the answer, and logs it.
    fn tell(&self, status: StatusCode, asked: &Asked, error: Option<&Error>) {
        let duration = self.begun.elapsed();
        self.gate
            .metrics
            .answered(self.route.unwrap_or("none"), status.as_u16(), duration);
        match error.and_then(Error::as_error) {
            Some(ApiError::TooManyInFlight) => self.gate.metrics.shed("in flight"),
            Some(ApiError::Busy) => self.gate.metrics.shed("queue"),
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
                    route = self.route,
                    ticket.id = asked.ticket.map(TicketId::get),
                    caller.rank = asked.rank.map(Access::as_str),
                    status = status.as_u16(),
                    duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
                    reason = error.map(|error| tracing::field::display(Chain(error))),
                    "answered a request"
                )
            };
        }
        match status {
            // Those who ask after the service's health do so every other second.
            _ if routes::is_health(self.route) => log!(debug),
            status if self.gate.is_operators && status.is_success() => log!(debug),
            StatusCode::SERVICE_UNAVAILABLE => log!(warn),
            status if status.is_server_error() => log!(error),
            _ => log!(info),
        }
    }
}

/// An error and its causes, in one line.
struct Chain<'a>(&'a Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(error) = self.0.as_error::<ApiError>() else {
            return self.0.fmt(f);
        };
        error.fmt(f)?;
        let mut cause = error.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
