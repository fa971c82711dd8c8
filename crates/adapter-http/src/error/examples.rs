//! Every error as the API's description shows it: told by the same code that tells clients.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde_json::json;
use strum::IntoEnumIterator;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{
        Content, ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response,
        ResponseBuilder,
        example::ExampleBuilder,
        schema::{KnownFormat, Schema, SchemaFormat, Type},
    },
};
use wts_app::RepositoryError;
use wts_domain::{AccessDenied, ParseTicketIdError};

use super::{
    ApiError, Envelope, Kind, Unauthenticated,
    told::{ErrType, Told},
};
use crate::token::TokenError;

/// Every error of a kind under a name of its own. No `_` arm: whoever adds a kind decides what it looks like.
fn examples_of(kind: Kind) -> Vec<(&'static str, ApiError)> {
    match kind {
        Kind::Unauthenticated => vec![
            ("noToken", Unauthenticated::NoToken.into()),
            ("severalFields", Unauthenticated::SeveralFields.into()),
            (
                "badToken",
                Unauthenticated::BadToken(TokenError::Expired).into(),
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
        Kind::Repeated => vec![("repeated", ApiError::Repeated("tid"))],
        Kind::UnknownOrder => vec![("unknownOrder", ApiError::UnknownOrder)],
        Kind::NoSuchTicket => vec![("noSuchTicket", ApiError::NoSuchTicket)],
        Kind::NoSuchPath => vec![("noSuchPath", ApiError::NoSuchPath)],
        Kind::MethodNotAllowed => vec![("methodNotAllowed", ApiError::MethodNotAllowed)],
        Kind::NotAcceptable => vec![("notAcceptable", ApiError::NotAcceptable)],
        Kind::ContentNotTaken => vec![("contentNotTaken", ApiError::ContentNotTaken)],
        Kind::TargetTooLong => vec![("targetTooLong", ApiError::TargetTooLong)],
        Kind::HeaderTooLong => vec![("headerTooLong", ApiError::HeaderTooLong)],
        Kind::BodyTooLong => vec![("bodyTooLong", ApiError::BodyTooLong)],
        Kind::Unreadable => vec![("unreadable", ApiError::Unreadable)],
        Kind::MalformedTarget => vec![("malformedTarget", ApiError::MalformedTarget)],
        Kind::HeadTooSlow => vec![("headTooSlow", ApiError::HeadTooSlow)],
        Kind::Ambiguous => vec![("ambiguous", ApiError::Ambiguous)],
        Kind::TooMany => vec![("tooMany", ApiError::TooMany(1))],
        Kind::Busy => vec![("busy", ApiError::Busy)],
        Kind::TooManyInFlight => vec![("tooManyInFlight", ApiError::TooManyInFlight)],
        Kind::TooManyConnections => vec![("tooManyConnections", ApiError::TooManyConnections)],
        // No answer to who asks for traces.
        Kind::NotReady => Vec::new(),
        Kind::TooSlow => vec![("tooSlow", ApiError::TooSlow)],
        Kind::Repository => {
            let failed = RepositoryError::Failed("the database is down".into());
            vec![("databaseFailed", ApiError::Repository(failed))]
        }
        Kind::Fault => vec![("fault", ApiError::Fault("a fault of the service"))],
    }
}

/// One answer per status, with all the errors that are told by it.
impl IntoResponses for ApiError {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut by_status: BTreeMap<StatusCode, Vec<(&str, String, Told)>> = BTreeMap::new();
        for (name, error) in Kind::iter().flat_map(examples_of) {
            let told = error.told();
            let errors = by_status.entry(told.status).or_default();
            errors.push((name, error.to_string(), told));
        }
        by_status
            .into_iter()
            .map(|(status, errors)| (status.as_str().to_owned(), response(status, errors).into()))
            .collect()
    }
}

fn response(status: StatusCode, errors: Vec<(&str, String, Told)>) -> Response {
    let meanings: Vec<_> = errors
        .iter()
        .map(|(_, meaning, _)| meaning.as_str())
        .collect();
    let reason = status.canonical_reason().unwrap_or_default();
    let description = format!("{reason}: {}", meanings.join("; "));
    let mut response = ResponseBuilder::new().description(description);
    for (_, _, told) in &errors {
        if let Some((name, example)) = &told.header {
            let header = HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .example(Some(json!(example)));
            response = response.header(name.as_str(), header.build());
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
