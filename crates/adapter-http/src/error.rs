//! The errors of requests. No other module creates an error response.

use std::borrow::Cow;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use wts_app::{GetTracesError, RepositoryError};
use wts_domain::{AccessDenied, ParseTicketIdError};

use self::response::{ErrType, ErrorResponse};
use crate::{constants::JSON, token::TokenError};

mod response;

/// An error of a request. Its text is written to the log, and the text of a client error is also sent to the client.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(test, derive(strum::EnumCount))]
pub(crate) enum ApiError {
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(transparent)]
    Denied(#[from] AccessDenied),
    #[error("missing required URL parameter: tid")]
    MissingTicket,
    #[error("invalid {name} parameter: {reason}")]
    InvalidParameter {
        name: &'static str,
        reason: Cow<'static, str>,
    },
    #[error("no such ticket")]
    NoSuchTicket,
    #[error("no such path")]
    NoSuchPath,
    #[error("method not allowed")]
    MethodNotAllowed { allow: &'static str },
    #[error(
        "no acceptable representation: expected application/json, uncompressed or with gzip or zstd"
    )]
    NotAcceptable,
    #[error("the request has a body: expected none")]
    BodyNotAllowed,
    #[error("path and query are too long")]
    TargetTooLong,
    #[error("header fields are too long or too many")]
    HeaderTooLong,
    /// The request has a body that is too long to be read and discarded.
    #[error("the request body is too long: expected none")]
    BodyTooLong,
    /// The headers are ambiguous: a proxy could interpret them in another way (request smuggling).
    #[error("header fields are ambiguous")]
    AmbiguousFraming,
    #[error("too many requests, retry later")]
    RateLimited {
        /// The time in seconds after which the client can send another request.
        retry_after: u64,
    },
    #[error(
        "overloaded: the batch queue is full or timed out, or too many responses are being compressed"
    )]
    Busy,
    #[error("too many requests are in flight")]
    TooManyInFlight,
    #[error("too many connections are open")]
    TooManyConnections,
    #[error(transparent)]
    NotReady(#[from] NotReady),
    #[error("the handler did not respond in time")]
    HandlerTimeout,
    #[error("the database failed")]
    Database(#[source] RepositoryError),
    #[error("{0}")]
    Internal(&'static str),
}

/// The reason why the service is not ready for requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotReady {
    #[error("the service is starting")]
    Starting,
    #[error("the service is stopping")]
    Stopping,
    #[error("the database cannot be read")]
    DatabaseUnreadable,
}

/// The reason why authentication failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unauthenticated {
    #[error("missing bearer token in the Authorization header")]
    MissingToken,
    #[error("more than one Authorization header")]
    MultipleHeaders,
    #[error("invalid token: {0}")]
    InvalidToken(#[source] TokenError),
}

impl ApiError {
    /// Creates the error for a parameter with an invalid value.
    pub(crate) fn invalid_parameter(
        name: &'static str,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        let reason = reason.into();
        Self::InvalidParameter { name, reason }
    }

    /// Returns the body of the error response.
    pub(crate) fn body(&self) -> ErrorBody {
        let ErrorResponse { err_type, msg, .. } = self.response_parts();
        ErrorBody {
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
        response.json(self.body())
    }
}

impl From<ParseTicketIdError> for ApiError {
    fn from(error: ParseTicketIdError) -> Self {
        Self::invalid_parameter("tid", error.to_string())
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
pub(crate) struct ErrorBody {
    /// Always `false`.
    #[schema(examples(false))]
    success: bool,
    /// A human-readable error message.
    #[schema(examples("missing required URL parameter: tid"))]
    msg: Cow<'static, str>,
    #[serde(rename = "errType")]
    #[schema(value_type = ErrType, inline)]
    err_type: u8,
}

#[cfg(test)]
mod tests;
