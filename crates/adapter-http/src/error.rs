//! The one place where errors become HTTP responses.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use strum::{EnumDiscriminants, EnumIter};
use utoipa::ToSchema;
use wts_app::{GetTracesError, RepositoryError};
use wts_domain::{AccessDenied, ParseTicketIdError};

#[cfg(test)]
pub(crate) use self::examples::every_error;
pub(crate) use self::examples::{ToAnyone, ToWhoAsksWhen, ToWhoChooses, shared_responses};
use self::told::Told;
use crate::{constants::JSON, token::TokenError};

/// Every error that a request can get.
#[derive(Debug, thiserror::Error, EnumDiscriminants)]
#[strum_discriminants(
    name(Kind),
    derive(EnumIter),
    vis(pub(self)),
    doc = "The kind of an [`ApiError`]."
)]
pub(crate) enum ApiError {
    /// Authentication failed.
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    /// The policy denied access.
    #[error(transparent)]
    Denied(#[from] AccessDenied),
    /// The request names no ticket.
    #[error("no ticket was asked for")]
    MissingTicket,
    /// The ticket number is malformed.
    #[error(transparent)]
    MalformedTicket(#[from] ParseTicketIdError),
    /// A parameter was given more than once.
    #[error("the parameter {0} was given more than once")]
    DuplicateParameter(&'static str),
    /// The order does not exist.
    #[error("an order that does not exist was asked for")]
    UnknownOrder,
    /// The ticket does not exist.
    #[error("there is no such ticket")]
    NoSuchTicket,
    /// The path does not exist.
    #[error("there is nothing under this path")]
    NoSuchPath,
    /// The route does not accept the method.
    #[error("the method is not allowed")]
    MethodNotAllowed,
    /// The client accepts none of the available forms.
    #[error("the client takes none of the forms that there are")]
    NotAcceptable,
    /// The request has a body, which the route does not accept.
    #[error("the request has content where none is taken")]
    BodyNotAllowed,
    /// Path and query together are too long.
    #[error("the request's target is too long")]
    TargetTooLong,
    /// The header fields are too long or too many.
    #[error("the request's header fields are too long or too many")]
    HeaderTooLong,
    /// The body is too long to be discarded.
    #[error("the request's body is too long")]
    BodyTooLong,
    /// The bytes are no HTTP/1.1 request.
    #[error("the request cannot be read")]
    MalformedRequest,
    /// The target is no URI.
    #[error("path or query have a character that no URI has")]
    MalformedTarget,
    /// The request's head did not arrive in time.
    #[error("the request's head did not come in time")]
    HeaderTimeout,
    /// A proxy may read the request as a different one.
    #[error("the request can be read in more than one way")]
    AmbiguousFraming,
    /// The client has sent too many requests.
    #[error("the client asks too often")]
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

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.told().status
    }

    fn error_response(&self) -> HttpResponse {
        let Told {
            status,
            err_type,
            msg,
            header,
        } = self.told();
        let mut response = HttpResponse::build(status);
        response.content_type(JSON);
        if let Some((name, value)) = header {
            response.insert_header((name, value.as_ref()));
        }
        response.json(Envelope {
            success: false,
            msg: &msg,
            err_type: err_type as u8,
        })
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

/// The body of every answer that is not a good one.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct Envelope<'a> {
    /// That it did not work.
    #[schema(examples(false))]
    success: bool,
    /// What is wrong, for people.
    #[schema(examples("missing required URL parameter: tid"))]
    msg: &'a str,
    #[serde(rename = "errType")]
    #[schema(schema_with = examples::err_type)]
    err_type: u8,
}

mod examples;
mod told;

#[cfg(test)]
mod tests;
