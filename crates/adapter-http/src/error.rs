//! The errors of requests. No other module creates an error response.

use std::borrow::Cow;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{CONTENT_LANGUAGE, VARY},
    },
};
use serde::Serialize;
use utoipa::ToSchema;
use wts_app::{GetTracesError, ListTracesError, RepositoryError};
use wts_domain::{AccessDenied, Language, ParseTicketIdError};

use self::response::{ErrType, ErrorResponse};
use crate::{constants::JSON, token::TokenError};

mod message;
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
    #[error("invalid tid parameter: {0}")]
    InvalidTicket(Cow<'static, str>),
    /// A parameter, but not `tid`, has an invalid value.
    #[error("invalid {name} parameter: {}", reason.english)]
    InvalidParameter {
        name: &'static str,
        reason: LocalizedText,
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
    /// The headers are ambiguous: a proxy could interpret them differently (request smuggling).
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
    #[error("too many requests wait or stream")]
    TooManyLongLived,
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

/// A message in each supported language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalizedText {
    pub(crate) english: Cow<'static, str>,
    pub(crate) chinese: Cow<'static, str>,
}

impl LocalizedText {
    pub(crate) const fn new(english: &'static str, chinese: &'static str) -> Self {
        Self {
            english: Cow::Borrowed(english),
            chinese: Cow::Borrowed(chinese),
        }
    }
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
    /// Creates the error for a parameter other than `tid` with an invalid value.
    pub(crate) fn invalid_parameter(name: &'static str, reason: LocalizedText) -> Self {
        Self::InvalidParameter { name, reason }
    }

    /// Returns the body of the response in English, unless the WTS v3 API prescribes another language.
    pub(crate) fn body(&self) -> ErrorBody {
        let (_, msg) = self.message().in_language(Language::English);
        ErrorBody::new(self.response_parts().err_type, msg)
    }

    /// Returns the response with the message in `language`.
    pub(crate) fn response_in(&self, language: Language) -> HttpResponse {
        let ErrorResponse {
            status,
            err_type,
            header,
        } = self.response_parts();
        let (language, msg) = self.message().in_language(language);
        let mut response = HttpResponse::build(status);
        response
            .content_type(JSON)
            .insert_header((CONTENT_LANGUAGE, language.as_str()))
            .insert_header((VARY, "Accept-Language"));
        if let Some((name, value)) = header {
            response.insert_header((name, value.as_ref()));
        }
        response.json(ErrorBody::new(err_type, msg))
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.response_parts().status
    }

    /// Returns the response in English; the middleware replaces it if the client prefers another language.
    fn error_response(&self) -> HttpResponse {
        self.response_in(Language::English)
    }
}

impl From<ParseTicketIdError> for ApiError {
    fn from(error: ParseTicketIdError) -> Self {
        Self::InvalidTicket(error.to_string().into())
    }
}

impl From<GetTracesError> for ApiError {
    fn from(error: GetTracesError) -> Self {
        match error {
            GetTracesError::NoSuchTicket(_) => Self::NoSuchTicket,
            GetTracesError::Denied(denied) => Self::Denied(denied),
            GetTracesError::Repository(error) => error.into(),
        }
    }
}

impl From<ListTracesError> for ApiError {
    fn from(error: ListTracesError) -> Self {
        match error {
            ListTracesError::TicketsRequired => Self::MissingTicket,
            ListTracesError::Denied(denied) => Self::Denied(denied),
            ListTracesError::Repository(error) => error.into(),
        }
    }
}

impl From<RepositoryError> for ApiError {
    fn from(error: RepositoryError) -> Self {
        match error {
            RepositoryError::Busy => Self::Busy,
            failed @ RepositoryError::Failed(_) => Self::Database(failed),
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
    /// A human-readable error message, in the language that `Content-Language` names.
    #[schema(examples("missing required URL parameter: tid"))]
    msg: Cow<'static, str>,
    #[serde(rename = "errType")]
    #[schema(value_type = ErrType, inline)]
    err_type: u8,
}

impl ErrorBody {
    fn new(err_type: ErrType, msg: Cow<'static, str>) -> Self {
        Self {
            success: false,
            msg,
            err_type: err_type as u8,
        }
    }
}

#[cfg(test)]
mod tests;
