//! The HTTP response for each error: status, `errType`, message and an additional header.

use std::borrow::Cow;

use actix_web::http::{
    StatusCode,
    header::{ALLOW, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE},
};
use utoipa::ToSchema;
use wts_domain::AccessDenied;

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
    pub(super) msg: Cow<'static, str>,
    pub(super) header: Option<(HeaderName, Cow<'static, str>)>,
}

impl ApiError {
    pub(super) fn response_parts(&self) -> ErrorResponse {
        use ErrType::{Internal, Logic, Permission, Request};
        // All reasons have the same message, so that a caller without a valid token cannot find out which check failed.
        let unauthenticated = "a valid token is required";
        let overloaded = "the service is overloaded, retry later";
        let text = || self.to_string();
        match self {
            Self::Unauthenticated(Unauthenticated::MissingToken) => {
                parts(StatusCode::UNAUTHORIZED, Permission, unauthenticated)
                    .with_header(WWW_AUTHENTICATE, "Bearer")
            }
            Self::Unauthenticated(
                Unauthenticated::MultipleHeaders | Unauthenticated::InvalidToken(_),
            ) => parts(StatusCode::UNAUTHORIZED, Permission, unauthenticated)
                .with_header(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""),
            Self::Denied(AccessDenied::NotActive) => parts(
                StatusCode::FORBIDDEN,
                Permission,
                "only active users can access this API",
            ),
            Self::Denied(AccessDenied::NotYourTicket) => parts(
                StatusCode::FORBIDDEN,
                Permission,
                "you can only view ticket traces of your own",
            ),
            Self::NoSuchTicket => parts(StatusCode::BAD_REQUEST, Logic, "无法找到对应的工单"),
            Self::MissingTicket | Self::InvalidParameter { .. } | Self::AmbiguousFraming => {
                parts(StatusCode::BAD_REQUEST, Request, text())
            }
            Self::NoSuchPath => parts(StatusCode::NOT_FOUND, Request, text()),
            Self::MethodNotAllowed { allow } => {
                parts(StatusCode::METHOD_NOT_ALLOWED, Request, text()).with_header(ALLOW, *allow)
            }
            Self::NotAcceptable => parts(StatusCode::NOT_ACCEPTABLE, Request, text()),
            Self::BodyTooLong => parts(StatusCode::PAYLOAD_TOO_LARGE, Request, text()),
            Self::TargetTooLong => parts(StatusCode::URI_TOO_LONG, Request, text()),
            Self::BodyNotAllowed => parts(StatusCode::UNSUPPORTED_MEDIA_TYPE, Request, text()),
            Self::RateLimited { retry_after } => {
                parts(StatusCode::TOO_MANY_REQUESTS, Request, text())
                    .with_header(RETRY_AFTER, retry_after.to_string())
            }
            Self::HeaderTooLong => {
                parts(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Request, text())
            }
            Self::Busy | Self::TooManyInFlight | Self::TooManyConnections => {
                parts(StatusCode::SERVICE_UNAVAILABLE, Internal, overloaded)
                    .with_header(RETRY_AFTER, "1")
            }
            Self::NotReady(_) => parts(StatusCode::SERVICE_UNAVAILABLE, Internal, text())
                .with_header(RETRY_AFTER, "1"),
            Self::HandlerTimeout | Self::Database(_) | Self::Internal(_) => parts(
                StatusCode::INTERNAL_SERVER_ERROR,
                Internal,
                "system met a uncaught error,please view logs.",
            ),
        }
    }
}

fn parts(
    status: StatusCode,
    err_type: ErrType,
    msg: impl Into<Cow<'static, str>>,
) -> ErrorResponse {
    ErrorResponse {
        status,
        err_type,
        msg: msg.into(),
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
