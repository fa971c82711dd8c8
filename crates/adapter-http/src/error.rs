//! The one place where errors become HTTP responses.

use std::borrow::Cow;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use wts_app::{GetTracesError, RepositoryError};
use wts_domain::{AccessDenied, ParseTicketIdError};

use self::response::{ErrType, ErrorResponse};
use crate::{constants::JSON, token::TokenError};

mod response;

/// Every error that a request can get. Its text goes to the log; that of an invalid request goes to the client too.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(test, derive(strum::EnumCount))]
pub(crate) enum ApiError {
    /// Authentication failed.
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    /// The policy denied access.
    #[error(transparent)]
    Denied(#[from] AccessDenied),
    /// The request names no ticket.
    #[error("missing required URL parameter: tid")]
    MissingTicket,
    /// The value of a parameter is invalid.
    #[error("invalid {name} parameter: {reason}")]
    InvalidParameter {
        /// The parameter.
        name: &'static str,
        /// What is wrong with its value.
        reason: Cow<'static, str>,
    },
    /// The ticket does not exist.
    #[error("there is no such ticket")]
    NoSuchTicket,
    /// The path does not exist.
    #[error("no such path")]
    NoSuchPath,
    /// The route does not accept the method.
    #[error("method not allowed")]
    MethodNotAllowed {
        /// The methods that it accepts.
        allow: &'static str,
    },
    /// The client accepts none of the available forms.
    #[error("not acceptable: there is application/json, as it is or in gzip or zstd")]
    NotAcceptable,
    /// The request has a body, which the route does not accept.
    #[error("the request has a body: expected none")]
    BodyNotAllowed,
    /// Path and query together are too long.
    #[error("path and query are too long")]
    TargetTooLong,
    /// The header fields are too long or too many.
    #[error("header fields are too long or too many")]
    HeaderTooLong,
    /// The body is too long to be discarded.
    #[error("nothing here takes a body")]
    BodyTooLong,
    /// A proxy may read the request as a different one.
    #[error("header fields are ambiguous")]
    AmbiguousFraming,
    /// The client has sent too many requests.
    #[error("too many requests, ask again later")]
    RateLimited {
        /// In how many seconds it may send the next one.
        retry_after: u64,
    },
    /// The queue of the database is full.
    #[error("the database has more to do than it can take on")]
    Busy,
    /// Too many requests are in flight.
    #[error("more requests are in flight than are worked on")]
    TooManyInFlight,
    /// Too many connections are open.
    #[error("there are more connections than are served")]
    TooManyConnections,
    /// The service is not ready.
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// The response did not begin in time.
    #[error("there was no answer in time")]
    HandlerTimeout,
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] RepositoryError),
    /// A fault of this program.
    #[error("{0}")]
    Internal(&'static str),
}

/// Why the service is not ready for requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotReady {
    /// The database could not be read yet.
    #[error("the service is starting")]
    Starting,
    /// The service is about to stop.
    #[error("the service is stopping")]
    Stopping,
    /// The database cannot be read.
    #[error("the database cannot be read")]
    DatabaseUnreadable,
}

/// Why authentication failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unauthenticated {
    /// The request has no bearer token.
    #[error("there is no bearer token in an Authorization field")]
    NoToken,
    /// The request has several `Authorization` fields.
    #[error("there are several Authorization fields")]
    SeveralFields,
    /// The token is invalid.
    #[error("the token is not valid: {0}")]
    BadToken(#[source] TokenError),
}

impl ApiError {
    /// Returns the error of a parameter with an invalid value.
    pub(crate) fn invalid(name: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        let reason = reason.into();
        Self::InvalidParameter { name, reason }
    }

    /// Returns the body of the response.
    pub(crate) fn envelope(&self) -> Envelope {
        let ErrorResponse { err_type, msg, .. } = self.response_parts();
        Envelope {
            success: false,
            msg,
            err_type: err_type as u8,
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.response_parts().status
    }

    fn error_response(&self) -> HttpResponse {
        let ErrorResponse { status, header, .. } = self.response_parts();
        let mut response = HttpResponse::build(status);
        response.content_type(JSON);
        if let Some((name, value)) = header {
            response.insert_header((name, value.as_ref()));
        }
        response.json(self.envelope())
    }
}

impl From<ParseTicketIdError> for ApiError {
    fn from(error: ParseTicketIdError) -> Self {
        Self::invalid("tid", error.to_string())
    }
}

impl From<GetTracesError> for ApiError {
    fn from(error: GetTracesError) -> Self {
        match error {
            GetTracesError::NoSuchTicket(_) => Self::NoSuchTicket,
            GetTracesError::Denied(denied) => Self::Denied(denied),
            GetTracesError::Repository(RepositoryError::Busy) => Self::Busy,
            GetTracesError::Repository(failed @ RepositoryError::Failed(_)) => {
                Self::Database(failed)
            }
        }
    }
}

/// The body of every error response.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct Envelope {
    /// Always false.
    #[schema(examples(false))]
    success: bool,
    /// What is wrong, for people.
    #[schema(examples("missing required URL parameter: tid"))]
    msg: Cow<'static, str>,
    #[serde(rename = "errType")]
    #[schema(value_type = ErrType, inline)]
    err_type: u8,
}

#[cfg(test)]
mod tests;
