//! The error responses in the API's description, with an example of every error, made by the code that serves them.

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
use wts_domain::{AccessDenied, ParseTicketIdError};

use crate::{
    error::{ApiError, Envelope, NotReady, Unauthenticated},
    token::TokenError,
};

/// Adds the error responses. Which ones an operation has follows from what its handler's attributes declare.
pub(super) struct ErrorResponses;

impl Modify for ErrorResponses {
    fn modify(&self, description: &mut OpenApi) {
        let operations = description.paths.paths.values_mut();
        for operation in operations.filter_map(|path| path.get.as_mut()) {
            add_errors(operation);
        }
        let shared = by_status(every_operation()).into_iter();
        let components = description.components.get_or_insert_default();
        components.responses.extend(
            shared.map(|(status, errors)| (name(status), response(status, &errors).into())),
        );
    }
}

/// Adds the errors of an operation: a response of its own where a status has more errors than everywhere, otherwise a
/// reference to the shared response.
fn add_errors(operation: &mut Operation) {
    let shared = by_status(every_operation());
    let responses = &mut operation.responses.responses;
    let mut errors = every_operation();
    if responses.contains_key("304") {
        errors.extend(cacheable_operations());
    }
    if responses.contains_key("503") {
        errors.extend(readiness_operations());
    }
    if operation.security.is_some() {
        errors.extend(authorized_operations());
    }
    for (status, errors) in by_status(errors) {
        let is_shared = shared
            .get(&status)
            .is_some_and(|them| them.len() == errors.len());
        let response: RefOr<_> = if is_shared {
            Ref::from_response_name(name(status)).into()
        } else {
            response(status, &errors).into()
        };
        responses.insert(status.as_str().to_owned(), response);
    }
}

/// The errors of every operation.
fn every_operation() -> Vec<ApiError> {
    vec![
        ApiError::BodyNotAllowed,
        ApiError::TargetTooLong,
        ApiError::HeaderTooLong,
        ApiError::BodyTooLong,
        ApiError::AmbiguousFraming,
        ApiError::HandlerTimeout,
        ApiError::Internal("a fault of the service"),
    ]
}

/// The errors of operations that declare 304: they choose among representations, and are not served at any load.
fn cacheable_operations() -> Vec<ApiError> {
    vec![
        ApiError::NotAcceptable,
        ApiError::TooManyInFlight,
        ApiError::TooManyConnections,
    ]
}

/// The errors of operations that declare 503.
fn readiness_operations() -> Vec<ApiError> {
    vec![
        NotReady::Starting.into(),
        NotReady::Stopping.into(),
        NotReady::DatabaseUnreadable.into(),
    ]
}

/// The errors of operations that need a token.
fn authorized_operations() -> Vec<ApiError> {
    vec![
        Unauthenticated::NoToken.into(),
        Unauthenticated::SeveralFields.into(),
        Unauthenticated::BadToken(TokenError::Expired).into(),
        Unauthenticated::BadToken(TokenError::Signature).into(),
        AccessDenied::NotActive.into(),
        AccessDenied::NotYourTicket.into(),
        ApiError::MissingTicket,
        ParseTicketIdError::NotDecimalDigits.into(),
        ParseTicketIdError::Zero.into(),
        ParseTicketIdError::LeadingZero.into(),
        ParseTicketIdError::TooLarge.into(),
        ApiError::invalid("tid", "given more than once"),
        ApiError::invalid("order", "expected asc or desc"),
        ApiError::NoSuchTicket,
        ApiError::NoSuchPath,
        ApiError::MethodNotAllowed {
            allow: "GET, HEAD, OPTIONS",
        },
        ApiError::RateLimited { retry_after: 1 },
        ApiError::Busy,
        ApiError::Database(RepositoryError::Failed("the database is down".into())),
    ]
}

/// An example of every error.
#[cfg(test)]
pub(crate) fn every_error() -> impl Iterator<Item = ApiError> {
    [
        every_operation(),
        cacheable_operations(),
        readiness_operations(),
        authorized_operations(),
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

/// Returns the name of a shared response, such as `NotAcceptable`.
fn name(status: StatusCode) -> String {
    status
        .canonical_reason()
        .unwrap_or(status.as_str())
        .replace(' ', "")
}

fn response(status: StatusCode, errors: &[ApiError]) -> Response {
    let meanings: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let examples = errors.iter().map(|error| {
        let example = ExampleBuilder::new().value(Some(json!(error.envelope())));
        (error.to_string(), example.build())
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(Envelope::name())))
        .examples_from_iter(examples)
        .build();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut response = ResponseBuilder::new()
        .description(format!("{reason}: {}", meanings.join("; ")))
        .content("application/json", content)
        .build();
    super::headers::add(&mut response, status.as_str());
    response
}
