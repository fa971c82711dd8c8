//! The error responses in the OpenAPI description, with an example of every error body. The code that serves the errors
//! generates the examples.

use std::collections::BTreeMap;

use actix_web::{ResponseError, http::StatusCode};
use serde_json::json;
use utoipa::{
    Modify, ToSchema,
    openapi::{
        ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, example::ExampleBuilder,
        path::Operation,
    },
};
use wts_app::RepositoryError;
use wts_domain::{AccessDenied, Category, ParseTicketIdError, Priority, Status};

use crate::{
    error::{ApiError, ErrorBody, NotReady, Unauthenticated},
    token::TokenError,
    traces::params,
};

/// The modifier that adds error responses to each operation. They depend on the responses and the security that its
/// handler declares.
pub(super) struct ErrorResponses;

impl Modify for ErrorResponses {
    fn modify(&self, description: &mut OpenApi) {
        let operations = description.paths.paths.values_mut();
        for operation in operations.filter_map(|path| path.get.as_mut()) {
            add_errors(operation);
        }
        let shared = by_status(common_errors()).into_iter();
        let components = description.components.get_or_insert_default();
        components.responses.extend(shared.map(|(status, errors)| {
            (
                response_name(status),
                error_response(status, &errors).into(),
            )
        }));
    }
}

/// Adds the error responses to an operation. For a status with only the common errors, the operation gets a reference
/// to the shared response.
fn add_errors(operation: &mut Operation) {
    let shared = by_status(common_errors());
    let responses = &mut operation.responses.responses;
    let mut errors = common_errors();
    if responses.contains_key("304") {
        errors.extend(negotiation_errors());
    }
    if responses.contains_key("503") {
        errors.extend(readiness_errors());
    }
    match operation.operation_id.as_deref() {
        Some("getTraces") => errors.extend(token_errors().into_iter().chain(history_errors())),
        Some("listTraces") => errors.extend(token_errors().into_iter().chain(feed_errors())),
        _ => {}
    }
    for (status, errors) in by_status(errors) {
        let is_shared = shared
            .get(&status)
            .is_some_and(|common| common.len() == errors.len());
        let response: RefOr<_> = if is_shared {
            Ref::from_response_name(response_name(status)).into()
        } else {
            error_response(status, &errors).into()
        };
        responses.insert(status.as_str().to_owned(), response);
    }
}

/// Returns the errors that every operation can return.
fn common_errors() -> Vec<ApiError> {
    vec![
        ApiError::BodyNotAllowed,
        ApiError::TargetTooLong,
        ApiError::HeaderTooLong,
        ApiError::BodyTooLong,
        ApiError::AmbiguousFraming,
        ApiError::HandlerTimeout,
        ApiError::Internal("an internal error"),
    ]
}

/// Returns the errors of operations that declare the status 304. These operations negotiate content, and have a
/// concurrency limit and a connection limit.
fn negotiation_errors() -> Vec<ApiError> {
    vec![
        ApiError::NotAcceptable,
        ApiError::TooManyInFlight,
        ApiError::TooManyConnections,
    ]
}

/// Returns the errors of operations that declare the status 503.
fn readiness_errors() -> Vec<ApiError> {
    vec![
        NotReady::Starting.into(),
        NotReady::Stopping.into(),
        NotReady::DatabaseUnreadable.into(),
    ]
}

/// Returns the errors of operations that require a token.
fn token_errors() -> Vec<ApiError> {
    vec![
        Unauthenticated::MissingToken.into(),
        Unauthenticated::MultipleHeaders.into(),
        Unauthenticated::InvalidToken(TokenError::Expired).into(),
        Unauthenticated::InvalidToken(TokenError::Signature).into(),
        AccessDenied::NotActive.into(),
        ApiError::MissingTicket,
        ParseTicketIdError::NotDecimalDigits.into(),
        ParseTicketIdError::Zero.into(),
        ParseTicketIdError::LeadingZero.into(),
        ParseTicketIdError::TooLarge.into(),
        ApiError::InvalidTicket("given more than once".into()),
        ApiError::invalid_parameter("order", params::UNKNOWN_ORDER),
        ApiError::NoSuchPath,
        ApiError::MethodNotAllowed {
            allow: "GET, HEAD, OPTIONS",
        },
        ApiError::RateLimited { retry_after: 1 },
        ApiError::TooManyLongLived,
        NotReady::Stopping.into(),
        ApiError::Busy,
        ApiError::Database(RepositoryError::Failed("connection refused".into())),
    ]
}

/// Returns the errors of `get_traces`, except those of token verification.
fn history_errors() -> Vec<ApiError> {
    vec![
        AccessDenied::NotYourTicket.into(),
        ApiError::invalid_parameter("include", params::UNKNOWN_INCLUDE),
        ApiError::invalid_parameter("as_of", params::INVALID_TIMESTAMP),
        ApiError::invalid_parameter("format", params::UNKNOWN_FORMAT),
        ApiError::NoSuchTicket,
    ]
}

/// Returns the errors of the feed, except those of token verification.
fn feed_errors() -> Vec<ApiError> {
    use crate::feed::params as feed;
    let labels =
        |name, known: String| ApiError::invalid_parameter(name, feed::unknown_label(&known));
    vec![
        ApiError::InvalidTicket(feed::TOO_MANY_TICKETS.into()),
        ApiError::InvalidTicket(feed::REPEATED_TICKET.into()),
        ApiError::invalid_parameter("include", feed::UNKNOWN_INCLUDE),
        ApiError::invalid_parameter("format", feed::UNKNOWN_FORMAT),
        ApiError::invalid_parameter("cursor", feed::INVALID_CURSOR),
        ApiError::invalid_parameter("limit", feed::INVALID_LIMIT),
        ApiError::invalid_parameter("limit", feed::INVALID_LIMIT_WITH_CHANGES),
        ApiError::invalid_parameter("since", params::INVALID_TIMESTAMP),
        ApiError::invalid_parameter("until", params::INVALID_TIMESTAMP),
        ApiError::invalid_parameter("op", feed::INVALID_OP),
        labels("status", feed::names(Status::ALL, Status::as_str)),
        labels("priority", feed::names(Priority::ALL, Priority::as_str)),
        labels("category", feed::names(Category::ALL, Category::as_str)),
    ]
}

/// Returns at least one example of every variant of the error type.
#[cfg(test)]
pub(crate) fn every_error() -> impl Iterator<Item = ApiError> {
    [
        common_errors(),
        negotiation_errors(),
        readiness_errors(),
        token_errors(),
        history_errors(),
        feed_errors(),
    ]
    .into_iter()
    .flatten()
}

fn by_status(errors: Vec<ApiError>) -> BTreeMap<StatusCode, Vec<ApiError>> {
    let mut by_status: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for error in errors {
        by_status
            .entry(error.status_code())
            .or_default()
            .push(error);
    }
    by_status
}

/// Returns the name of a shared response in `components`, such as `NotAcceptable`.
fn response_name(status: StatusCode) -> String {
    status
        .canonical_reason()
        .unwrap_or(status.as_str())
        .replace(' ', "")
}

fn error_response(status: StatusCode, errors: &[ApiError]) -> Response {
    let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let examples = errors.iter().map(|error| {
        let example = ExampleBuilder::new().value(Some(json!(error.body())));
        (error.to_string(), example.build())
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ErrorBody::name())))
        .examples_from_iter(examples)
        .build();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut response = ResponseBuilder::new()
        .description(format!("{reason}: {}", messages.join("; ")))
        .content("application/json", content)
        .build();
    super::headers::add(&mut response, status.as_str());
    response
}
