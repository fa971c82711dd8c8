//! Every error as the API's description shows it: told by the same code that tells clients.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde_json::json;
use strum::IntoEnumIterator;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{
        Content, ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
        example::ExampleBuilder,
        schema::{KnownFormat, Schema, SchemaFormat, Type},
    },
};
use wts_app::RepositoryError;
use wts_domain::{AccessDenied, ParseTicketIdError};

use super::{
    ApiError, Envelope, Kind, NotReady, Unauthenticated,
    told::{ErrType, Told},
};
use crate::{openapi::headers, token::TokenError};

/// Every error of a kind under a name of its own. No `_` arm: whoever adds a kind decides what it looks like.
fn examples_of(kind: Kind) -> Vec<(&'static str, ApiError)> {
    match kind {
        Kind::Unauthenticated => vec![
            ("noToken", Unauthenticated::NoToken.into()),
            ("severalFields", Unauthenticated::SeveralFields.into()),
            (
                "expiredToken",
                Unauthenticated::BadToken(TokenError::Expired).into(),
            ),
            (
                "forgedToken",
                Unauthenticated::BadToken(TokenError::Signature).into(),
            ),
        ],
        Kind::Denied => vec![
            ("notActive", AccessDenied::NotActive.into()),
            ("notYourTicket", AccessDenied::NotYourTicket.into()),
        ],
        Kind::MissingTicket => vec![("missingTicket", ApiError::MissingTicket)],
        Kind::MalformedTicket => vec![
            (
                "notDecimalDigits",
                ParseTicketIdError::NotDecimalDigits.into(),
            ),
            ("zero", ParseTicketIdError::Zero.into()),
            ("leadingZero", ParseTicketIdError::LeadingZero.into()),
            ("tooLarge", ParseTicketIdError::TooLarge.into()),
        ],
        Kind::DuplicateParameter => vec![("repeated", ApiError::DuplicateParameter("tid"))],
        Kind::UnknownOrder => vec![("unknownOrder", ApiError::UnknownOrder)],
        Kind::NoSuchTicket => vec![("noSuchTicket", ApiError::NoSuchTicket)],
        Kind::NoSuchPath => vec![("noSuchPath", ApiError::NoSuchPath)],
        Kind::MethodNotAllowed => vec![("methodNotAllowed", ApiError::MethodNotAllowed)],
        Kind::NotAcceptable => vec![("notAcceptable", ApiError::NotAcceptable)],
        Kind::BodyNotAllowed => vec![("contentNotTaken", ApiError::BodyNotAllowed)],
        Kind::TargetTooLong => vec![("targetTooLong", ApiError::TargetTooLong)],
        Kind::HeaderTooLong => vec![("headerTooLong", ApiError::HeaderTooLong)],
        Kind::BodyTooLong => vec![("bodyTooLong", ApiError::BodyTooLong)],
        Kind::MalformedRequest => vec![("unreadable", ApiError::MalformedRequest)],
        Kind::MalformedTarget => vec![("malformedTarget", ApiError::MalformedTarget)],
        Kind::HeaderTimeout => vec![("headTooSlow", ApiError::HeaderTimeout)],
        Kind::AmbiguousFraming => vec![("ambiguous", ApiError::AmbiguousFraming)],
        Kind::RateLimited => vec![("tooMany", ApiError::RateLimited { retry_after: 1 })],
        Kind::Busy => vec![("busy", ApiError::Busy)],
        Kind::TooManyInFlight => vec![("tooManyInFlight", ApiError::TooManyInFlight)],
        Kind::TooManyConnections => vec![("tooManyConnections", ApiError::TooManyConnections)],
        Kind::NotReady => vec![
            ("starting", NotReady::Starting.into()),
            ("stopping", NotReady::Stopping.into()),
            ("unreadable", NotReady::DatabaseUnreadable.into()),
        ],
        Kind::HandlerTimeout => vec![("tooSlow", ApiError::HandlerTimeout)],
        Kind::Database => {
            let failed = RepositoryError::Failed("the database is down".into());
            vec![("databaseFailed", ApiError::Database(failed))]
        }
        Kind::Internal => vec![("fault", ApiError::Internal("a fault of the service"))],
    }
}

/// Every error.
#[cfg(test)]
pub(crate) fn every_error() -> impl Iterator<Item = ApiError> {
    let named = Kind::iter().flat_map(examples_of);
    named.map(|(_, error)| error)
}

/// To whom an error is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// To whoever asks for anything that there is.
    Anyone,
    /// To those who are not let in always, and choose the form of what they are shown.
    WhoChooses,
    /// To those who ask whether it is the time to ask.
    WhoAsksWhen,
    /// To those who ask for traces.
    Caller,
}

/// No `_` arm, as above.
fn audience_of(kind: Kind) -> Audience {
    match kind {
        Kind::BodyNotAllowed
        | Kind::TargetTooLong
        | Kind::HeaderTooLong
        | Kind::BodyTooLong
        | Kind::MalformedRequest
        | Kind::MalformedTarget
        | Kind::HeaderTimeout
        | Kind::AmbiguousFraming
        | Kind::HandlerTimeout
        | Kind::Internal => Audience::Anyone,
        Kind::NotAcceptable | Kind::TooManyInFlight | Kind::TooManyConnections => {
            Audience::WhoChooses
        }
        Kind::NotReady => Audience::WhoAsksWhen,
        Kind::Unauthenticated
        | Kind::Denied
        | Kind::MissingTicket
        | Kind::MalformedTicket
        | Kind::DuplicateParameter
        | Kind::UnknownOrder
        | Kind::NoSuchTicket
        | Kind::NoSuchPath
        | Kind::MethodNotAllowed
        | Kind::RateLimited
        | Kind::Busy
        | Kind::Database => Audience::Caller,
    }
}

type Responses = BTreeMap<String, RefOr<Response>>;

/// One answer per status, with all the errors that are told by it to these.
fn told_to(audiences: &[Audience]) -> impl Iterator<Item = (StatusCode, Response)> {
    let mut by_status: BTreeMap<StatusCode, Vec<(&str, String, Told)>> = BTreeMap::new();
    let kinds = Kind::iter().filter(|kind| audiences.contains(&audience_of(*kind)));
    for (name, error) in kinds.flat_map(examples_of) {
        let told = error.told();
        let errors = by_status.entry(told.status).or_default();
        errors.push((name, error.to_string(), told));
    }
    let responses = by_status.into_iter();
    responses.map(|(status, errors)| (status, response(status, errors)))
}

/// To who asks for traces.
impl IntoResponses for ApiError {
    fn responses() -> Responses {
        told_to(&[Audience::Anyone, Audience::WhoChooses, Audience::Caller])
            .map(|(status, response)| (status.as_str().to_owned(), response.into()))
            .collect()
    }
}

/// To who asks for anything.
pub(crate) struct ToAnyone;

/// To who chooses the form of what they are shown.
pub(crate) struct ToWhoChooses;

/// To who asks whether the service is ready.
pub(crate) struct ToWhoAsksWhen;

impl IntoResponses for ToAnyone {
    fn responses() -> Responses {
        references(&[Audience::Anyone])
    }
}

impl IntoResponses for ToWhoChooses {
    fn responses() -> Responses {
        references(&[Audience::Anyone, Audience::WhoChooses])
    }
}

impl IntoResponses for ToWhoAsksWhen {
    fn responses() -> Responses {
        let mut responses = ToAnyone::responses();
        for (status, response) in told_to(&[Audience::WhoAsksWhen]) {
            responses.insert(status.as_str().to_owned(), response.into());
        }
        responses
    }
}

/// What is told alike wherever it is, under the names that [`references`] have.
pub(crate) fn shared_responses() -> impl Iterator<Item = (String, RefOr<Response>)> {
    told_to(&[Audience::Anyone, Audience::WhoChooses])
        .map(|(status, response)| (shared_name(status), response.into()))
}

fn references(audiences: &[Audience]) -> Responses {
    let statuses = told_to(audiences).map(|(status, _)| status);
    statuses
        .map(|status| {
            let reference = Ref::from_response_name(shared_name(status));
            (status.as_str().to_owned(), reference.into())
        })
        .collect()
}

/// `NotAcceptable`.
fn shared_name(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or(status.as_str());
    reason.replace(' ', "")
}

fn response(status: StatusCode, errors: Vec<(&str, String, Told)>) -> Response {
    let meanings: Vec<_> = errors
        .iter()
        .map(|(_, meaning, _)| meaning.as_str())
        .collect();
    let reason = status.canonical_reason().unwrap_or_default();
    let description = format!("{reason}: {}", meanings.join("; "));
    let (name, not_kept) = headers::not_kept();
    let mut response = ResponseBuilder::new()
        .description(description)
        .header(name, not_kept);
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, _, told) in &errors {
        if let Some((name, value)) = &told.header {
            said.entry(name.as_str()).or_default().push(value);
        }
    }
    for (name, values) in said {
        if let Some((name, header)) = headers::of_an_error(name, &values) {
            response = response.header(name, header);
        }
    }
    let examples = errors.into_iter().map(|(name, meaning, told)| {
        let value = json!(Envelope {
            success: false,
            msg: &told.msg,
            err_type: told.err_type as u8,
        });
        (
            name,
            ExampleBuilder::new()
                .summary(meaning)
                .value(Some(value))
                .build(),
        )
    });
    let content: Content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(Envelope::name())))
        .examples_from_iter(examples)
        .build();
    response.content("application/json", content).build()
}

/// `errType`, as the contract numbers it.
pub(super) fn err_type() -> Schema {
    let numbers = ErrType::iter().map(|err_type| err_type as u8);
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .description(Some(
            "What is wrong, for programs: 1 a fault of the service's or too much to do, 2 the request, 3 the token or \
             what its bearer may do, 5 what was asked for does not exist.",
        ))
        .enum_values(Some(numbers))
        .build()
        .into()
}
