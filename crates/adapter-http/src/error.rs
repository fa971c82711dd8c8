//! The one place where errors become answers.

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
use crate::{routes::JSON, token::TokenError};

/// Everything that a request can be answered with but what it asked for.
#[derive(Debug, thiserror::Error, EnumDiscriminants)]
#[strum_discriminants(
    name(Kind),
    derive(EnumIter),
    vis(pub(self)),
    doc = "What an [`ApiError`] is about."
)]
pub(crate) enum ApiError {
    /// Nobody knows who calls.
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] AccessDenied),
    /// No ticket was asked for.
    #[error("no ticket was asked for")]
    MissingTicket,
    /// What was asked for is no ticket's number.
    #[error(transparent)]
    MalformedTicket(#[from] ParseTicketIdError),
    /// A parameter was given more than once.
    #[error("the parameter {0} was given more than once")]
    Repeated(&'static str),
    /// An order that does not exist.
    #[error("an order that does not exist was asked for")]
    UnknownOrder,
    /// There is no such ticket.
    #[error("there is no such ticket")]
    NoSuchTicket,
    /// There is nothing under this path.
    #[error("there is nothing under this path")]
    NoSuchPath,
    /// There is something under this path, but only to be read.
    #[error("the method is not allowed")]
    MethodNotAllowed,
    /// The client takes none of the forms that there are.
    #[error("the client takes none of the forms that there are")]
    NotAcceptable,
    /// There is something under this path, but it is not to be sent anything.
    #[error("the request has content where none is taken")]
    ContentNotTaken,
    /// The path and the query together are too long to look at.
    #[error("the request's target is too long")]
    TargetTooLong,
    /// The header fields are too long or too many to look at.
    #[error("the request's header fields are too long or too many")]
    HeaderTooLong,
    /// The request's body is too long to pass over.
    #[error("the request's body is too long")]
    BodyTooLong,
    /// What has come is no request that HTTP/1.1 knows.
    #[error("the request cannot be read")]
    Unreadable,
    /// The request's target is no URI's.
    #[error("path or query have a character that no URI has")]
    MalformedTarget,
    /// The client took too long to send the request's head.
    #[error("the request's head did not come in time")]
    HeadTooSlow,
    /// Others may take the request for another one.
    #[error("the request can be read in more than one way")]
    Ambiguous,
    /// The client asks too often; in so many seconds it may again.
    #[error("the client asks too often")]
    TooMany(u64),
    /// Too much to do.
    #[error("the database has more to do than it can take on")]
    Busy,
    /// Too many requests are being worked on.
    #[error("more requests are in flight than are worked on")]
    TooManyInFlight,
    /// Too many connections.
    #[error("there are more connections than are served")]
    TooManyConnections,
    /// It is not the time to send requests here, as this says.
    #[error("{0}")]
    NotReady(&'static str),
    /// The answer did not begin in time.
    #[error("there was no answer in time")]
    TooSlow,
    /// The store of histories failed.
    #[error("the database failed")]
    Repository(#[source] RepositoryError),
    /// A fault of this program.
    #[error("{0}")]
    Fault(&'static str),
}

/// Why nobody knows who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unauthenticated {
    /// There is no token where tokens belong.
    #[error("there is no bearer token in an Authorization field")]
    NoToken,
    /// There are several `Authorization` fields.
    #[error("there are several Authorization fields")]
    SeveralFields,
    /// There is a token and it is not good.
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
                Self::Repository(failed)
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
