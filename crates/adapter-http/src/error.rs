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
    #[error("there is no such ticket")]
    NoSuchTicket,
    #[error("no such path")]
    NoSuchPath,
    #[error("method not allowed")]
    MethodNotAllowed { allow: &'static str },
    #[error("not acceptable: there is application/json, as it is or in gzip or zstd")]
    NotAcceptable,
    #[error("the request has a body: expected none")]
    BodyNotAllowed,
    #[error("path and query are too long")]
    TargetTooLong,
    #[error("header fields are too long or too many")]
    HeaderTooLong,
    /// The body is too long to be discarded.
    #[error("nothing here takes a body")]
    BodyTooLong,
    /// A proxy may read the request as a different one.
    #[error("header fields are ambiguous")]
    AmbiguousFraming,
    #[error("too many requests, ask again later")]
    RateLimited {
        /// In seconds.
        retry_after: u64,
    },
    #[error("the database has more to do than it can take on")]
    Busy,
    #[error("more requests are in flight than are worked on")]
    TooManyInFlight,
    #[error("there are more connections than are served")]
    TooManyConnections,
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// The response did not begin in time.
    #[error("there was no answer in time")]
    HandlerTimeout,
    #[error("the database failed")]
    Database(#[source] RepositoryError),
    /// A fault of this program.
    #[error("{0}")]
    Internal(&'static str),
}

/// Why the service is not ready for requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotReady {
    #[error("the service is starting")]
    Starting,
    #[error("the service is stopping")]
    Stopping,
    #[error("the database cannot be read")]
    DatabaseUnreadable,
}

/// Why authentication failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unauthenticated {
    #[error("there is no bearer token in an Authorization field")]
    NoToken,
    #[error("there are several Authorization fields")]
    SeveralFields,
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
