//! The HTTP response for each error: status, `errType` and an additional header.

use std::borrow::Cow;

use actix_web::http::{
    StatusCode,
    header::{ALLOW, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE},
};
use utoipa::ToSchema;

use super::{ApiError, Unauthenticated};

/// The kind of error, `errType` in the body: 1 for internal errors and overload, 2 for invalid requests, 3 for
/// authentication and permission, 5 for business rules (the ticket does not exist).
#[derive(Clone, Copy, ToSchema)]
#[repr(u8)]
pub(super) enum ErrType {
    Internal = 1,
    Request = 2,
    Permission = 3,
    Logic = 5,
}

/// The parts of an error response that depend on the error.
pub(super) struct ErrorResponse {
    pub(super) status: StatusCode,
    pub(super) err_type: ErrType,
    pub(super) header: Option<(HeaderName, Cow<'static, str>)>,
}

impl ApiError {
    pub(super) fn response_parts(&self) -> ErrorResponse {
        use ErrType::{Internal, Logic, Permission, Request};
        match self {
            Self::Unauthenticated(Unauthenticated::MissingToken) => {
                parts(StatusCode::UNAUTHORIZED, Permission).with_header(WWW_AUTHENTICATE, "Bearer")
            }
            Self::Unauthenticated(
                Unauthenticated::MultipleHeaders | Unauthenticated::InvalidToken(_),
            ) => parts(StatusCode::UNAUTHORIZED, Permission)
                .with_header(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""),
            Self::Denied(_) => parts(StatusCode::FORBIDDEN, Permission),
            Self::NoSuchTicket => parts(StatusCode::BAD_REQUEST, Logic),
            Self::MissingTicket
            | Self::InvalidTicket(_)
            | Self::InvalidParameter { .. }
            | Self::AmbiguousFraming => parts(StatusCode::BAD_REQUEST, Request),
            Self::NoSuchPath => parts(StatusCode::NOT_FOUND, Request),
            Self::MethodNotAllowed { allow } => {
                parts(StatusCode::METHOD_NOT_ALLOWED, Request).with_header(ALLOW, *allow)
            }
            Self::NotAcceptable => parts(StatusCode::NOT_ACCEPTABLE, Request),
            Self::BodyTooLong => parts(StatusCode::PAYLOAD_TOO_LARGE, Request),
            Self::TargetTooLong => parts(StatusCode::URI_TOO_LONG, Request),
            Self::BodyNotAllowed => parts(StatusCode::UNSUPPORTED_MEDIA_TYPE, Request),
            Self::RateLimited { retry_after } => parts(StatusCode::TOO_MANY_REQUESTS, Request)
                .with_header(RETRY_AFTER, retry_after.to_string()),
            Self::HeaderTooLong => parts(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Request),
            Self::Busy | Self::TooManyInFlight | Self::TooManyConnections | Self::NotReady(_) => {
                parts(StatusCode::SERVICE_UNAVAILABLE, Internal).with_header(RETRY_AFTER, "1")
            }
            // Long-lived requests end slowly.
            Self::TooManyLongLived => {
                parts(StatusCode::SERVICE_UNAVAILABLE, Internal).with_header(RETRY_AFTER, "5")
            }
            Self::HandlerTimeout | Self::Database(_) | Self::Internal(_) => {
                parts(StatusCode::INTERNAL_SERVER_ERROR, Internal)
            }
        }
    }
}

fn parts(status: StatusCode, err_type: ErrType) -> ErrorResponse {
    ErrorResponse {
        status,
        err_type,
        header: None,
    }
}

impl ErrorResponse {
    fn with_header(self, name: HeaderName, value: impl Into<Cow<'static, str>>) -> Self {
        Self {
            header: Some((name, value.into())),
            ..self
        }
    }
}
