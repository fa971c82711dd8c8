//! The access record: one a request, with the cause of what went wrong.

use std::{error::Error as _, fmt, time::Instant};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{Method, StatusCode},
};
use wts_domain::TicketId;

use super::{
    protection::Protection,
    request_id::{RequestId, X_REQUEST_ID},
};
use crate::{error::ApiError, routes};

/// What is known of a request before it is answered. Neither path nor query are: there is no telling what clients put
/// there, a token perhaps.
pub(super) struct Record {
    id: RequestId,
    method: Method,
    begun: Instant,
    protection: Protection,
}

impl Record {
    pub(super) fn begin(request: &ServiceRequest, id: RequestId) -> Self {
        Self {
            id,
            method: request.method().clone(),
            begun: Instant::now(),
            protection: Protection::of(request),
        }
    }

    /// Logs the answer and names it.
    pub(super) fn end(self, mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let ticket = response.request().extensions().get::<TicketId>().copied();
        let route = response.request().match_pattern();
        let error = response.response().error();
        self.log(response.status(), route.as_deref(), ticket, error);
        self.seal(response.response_mut());
        response
    }

    /// Logs the answer that an error becomes, and names it.
    pub(super) fn end_with_error(self, error: Error) -> Error {
        let mut response = error.error_response();
        self.log(response.status(), None, None, Some(&error));
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
        head.headers_mut().insert(X_REQUEST_ID, self.id.header());
        self.protection.apply(head);
    }

    fn log(
        &self,
        status: StatusCode,
        route: Option<&str>,
        ticket: Option<TicketId>,
        error: Option<&Error>,
    ) {
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    request.id = %self.id,
                    method = %self.method,
                    route,
                    ticket.id = ticket.map(TicketId::get),
                    status = status.as_u16(),
                    duration_us = self.begun.elapsed().as_micros(),
                    reason = error.map(|error| tracing::field::display(Chain(error))),
                    "answered a request"
                )
            };
        }
        match status {
            StatusCode::SERVICE_UNAVAILABLE => log!(warn),
            status if status.is_server_error() => log!(error),
            StatusCode::OK if route == Some(routes::LIVEZ) => log!(debug),
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
