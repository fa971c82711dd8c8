//! The one place where errors become answers.

use std::borrow::Cow;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{ALLOW, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde::Serialize;
use strum::{EnumDiscriminants, EnumIter};
use utoipa::ToSchema;
use wts_app::{GetTracesError, RepositoryError};
use wts_domain::{AccessDenied, ParseTicketIdError};

use crate::{
    routes::{self, JSON},
    token::TokenError,
};

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
    /// The header fields together are too long to look at.
    #[error("the request's header is too long")]
    HeaderTooLong,
    /// The request's body is too long to pass over.
    #[error("the request's body is too long")]
    BodyTooLong,
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

/// What everyone is told who shows no good token.
const UNAUTHENTICATED: &str = "a valid token is required";

/// The contract's `errType`.
#[derive(Clone, Copy, EnumIter)]
#[repr(u8)]
enum ErrType {
    Internal = 1,
    Request = 2,
    Permission = 3,
    Logic = 5,
}

/// How an error is told to the client.
struct Told {
    status: StatusCode,
    err_type: ErrType,
    msg: Cow<'static, str>,
    header: Option<(HeaderName, Cow<'static, str>)>,
}

impl ApiError {
    fn told(&self) -> Told {
        use ErrType::{Internal, Logic, Permission, Request};
        match self {
            // One text for all: which check a token fails is nobody's business who has no good one.
            Self::Unauthenticated(Unauthenticated::NoToken) => {
                tell(StatusCode::UNAUTHORIZED, Permission, UNAUTHENTICATED)
                    .with(WWW_AUTHENTICATE, "Bearer")
            }
            Self::Unauthenticated(
                Unauthenticated::SeveralFields | Unauthenticated::BadToken(_),
            ) => tell(StatusCode::UNAUTHORIZED, Permission, UNAUTHENTICATED)
                .with(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""),
            Self::Denied(AccessDenied::NotActive) => tell(
                StatusCode::FORBIDDEN,
                Permission,
                "only active users can access this API",
            ),
            Self::Denied(AccessDenied::NotYourTicket) => tell(
                StatusCode::FORBIDDEN,
                Permission,
                "you can only view ticket traces of your own",
            ),
            Self::MissingTicket => tell(
                StatusCode::BAD_REQUEST,
                Request,
                "missing required URL parameter: tid",
            ),
            Self::MalformedTicket(why) => tell(
                StatusCode::BAD_REQUEST,
                Request,
                format!("invalid tid parameter: {why}"),
            ),
            Self::Repeated(name) => tell(
                StatusCode::BAD_REQUEST,
                Request,
                format!("invalid {name} parameter: given more than once"),
            ),
            Self::UnknownOrder => tell(
                StatusCode::BAD_REQUEST,
                Request,
                "invalid order parameter: expected asc or desc",
            ),
            Self::NoSuchTicket => tell(StatusCode::BAD_REQUEST, Logic, "无法找到对应的工单"),
            Self::NoSuchPath => tell(StatusCode::NOT_FOUND, Request, "no such path"),
            Self::MethodNotAllowed => tell(
                StatusCode::METHOD_NOT_ALLOWED,
                Request,
                "method not allowed",
            )
            .with(ALLOW, routes::METHODS),
            Self::NotAcceptable => tell(
                StatusCode::NOT_ACCEPTABLE,
                Request,
                "not acceptable: there is application/json, as it is or in gzip, br or zstd",
            ),
            Self::ContentNotTaken => tell(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Request,
                "the request has a body: expected none",
            ),
            Self::TargetTooLong => tell(
                StatusCode::URI_TOO_LONG,
                Request,
                "path and query are too long",
            ),
            Self::HeaderTooLong => tell(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                Request,
                "header fields are too long",
            ),
            Self::BodyTooLong => tell(
                StatusCode::PAYLOAD_TOO_LARGE,
                Request,
                "nothing here takes a body",
            ),
            Self::Ambiguous => tell(
                StatusCode::BAD_REQUEST,
                Request,
                "header fields are ambiguous",
            ),
            Self::TooMany(seconds) => tell(
                StatusCode::TOO_MANY_REQUESTS,
                Request,
                "too many requests, ask again later",
            )
            .with(RETRY_AFTER, seconds.to_string()),
            Self::Busy | Self::TooManyInFlight | Self::TooManyConnections => tell(
                StatusCode::SERVICE_UNAVAILABLE,
                Internal,
                "too much to do, ask again in a moment",
            )
            .with(RETRY_AFTER, "1"),
            Self::NotReady(why) => {
                tell(StatusCode::SERVICE_UNAVAILABLE, Internal, *why).with(RETRY_AFTER, "1")
            }
            Self::TooSlow | Self::Repository(_) | Self::Fault(_) => tell(
                StatusCode::INTERNAL_SERVER_ERROR,
                Internal,
                "system met a uncaught error,please view logs.",
            ),
        }
    }
}

fn tell(status: StatusCode, err_type: ErrType, msg: impl Into<Cow<'static, str>>) -> Told {
    Told {
        status,
        err_type,
        msg: msg.into(),
        header: None,
    }
}

impl Told {
    fn with(self, name: HeaderName, value: impl Into<Cow<'static, str>>) -> Self {
        Self {
            header: Some((name, value.into())),
            ..self
        }
    }
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

#[cfg(test)]
mod tests;
