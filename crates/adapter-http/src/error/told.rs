//! How every error is told to the client.

use std::borrow::Cow;

use actix_web::http::{
    StatusCode,
    header::{ALLOW, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE},
};
use strum::EnumIter;
use wts_domain::AccessDenied;

use super::{ApiError, Unauthenticated};
use crate::constants;

/// What everyone is told who shows no good token.
const UNAUTHENTICATED: &str = "a valid token is required";

/// The contract's `errType`.
#[derive(Clone, Copy, EnumIter)]
#[repr(u8)]
pub(super) enum ErrType {
    Internal = 1,
    Request = 2,
    Permission = 3,
    Logic = 5,
}

/// How an error is told to the client.
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) err_type: ErrType,
    pub(super) msg: Cow<'static, str>,
    pub(super) header: Option<(HeaderName, Cow<'static, str>)>,
}

impl ApiError {
    #[expect(clippy::too_many_lines, reason = "one arm an error")]
    pub(super) fn told(&self) -> Told {
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
            Self::DuplicateParameter(name) => tell(
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
            .with(ALLOW, constants::METHODS),
            Self::NotAcceptable => tell(
                StatusCode::NOT_ACCEPTABLE,
                Request,
                "not acceptable: there is application/json, as it is or in gzip or zstd",
            ),
            Self::BodyNotAllowed => tell(
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
                "header fields are too long or too many",
            ),
            Self::BodyTooLong => tell(
                StatusCode::PAYLOAD_TOO_LARGE,
                Request,
                "nothing here takes a body",
            ),
            Self::MalformedRequest => tell(
                StatusCode::BAD_REQUEST,
                Request,
                "the request cannot be read as HTTP/1.1",
            ),
            Self::MalformedTarget => tell(
                StatusCode::BAD_REQUEST,
                Request,
                "path and query have to be percent-encoded",
            ),
            Self::HeaderTimeout => tell(
                StatusCode::REQUEST_TIMEOUT,
                Request,
                "the request's head did not come in time",
            ),
            Self::AmbiguousFraming => tell(
                StatusCode::BAD_REQUEST,
                Request,
                "header fields are ambiguous",
            ),
            Self::RateLimited { retry_after } => tell(
                StatusCode::TOO_MANY_REQUESTS,
                Request,
                "too many requests, ask again later",
            )
            .with(RETRY_AFTER, retry_after.to_string()),
            Self::Busy | Self::TooManyInFlight | Self::TooManyConnections => tell(
                StatusCode::SERVICE_UNAVAILABLE,
                Internal,
                "too much to do, ask again in a moment",
            )
            .with(RETRY_AFTER, "1"),
            Self::NotReady(why) => tell(StatusCode::SERVICE_UNAVAILABLE, Internal, why.to_string())
                .with(RETRY_AFTER, "1"),
            Self::HandlerTimeout | Self::Database(_) | Self::Internal(_) => tell(
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
