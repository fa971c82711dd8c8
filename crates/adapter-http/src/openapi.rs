//! The API's description in OpenAPI 3.1, and its pages for a browser.
//!
//! It is made from what serves: the types that are written, the errors as they are told, the domain's closed lists.

mod pages;

use std::{collections::BTreeMap, sync::LazyLock};

use actix_web::{HttpRequest, HttpResponse, body::MessageBody, web::Bytes};
use serde_json::json;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self as oa, HeaderBuilder, ObjectBuilder, RefOr,
        schema::Type,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

pub(crate) use self::pages::{page, to_pages};
use crate::{
    answer::{self, Fingerprint},
    content::WithoutContent,
    error::{ApiError, Envelope},
    traces::{self, TracesBody},
};

/// The description as it is served, JSON that people can read too.
pub fn openapi_document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        // Nothing in it is a map whose keys are not texts, so there is nothing that JSON could not say.
        let document = Description::openapi().to_pretty_json();
        document.unwrap_or_default() + "\n"
    });
    &DOCUMENT
}

/// `GET /api/v3/openapi.json`.
pub(crate) async fn document(
    _: WithoutContent,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let document = openapi_document();
    let mut fingerprint = Fingerprint::new();
    fingerprint.text(document);
    answer::json(&request, fingerprint.tag(), || {
        Ok(Bytes::from_static(document.as_bytes()).boxed())
    })
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "WTS traces",
        description = "The history of campus network repair tickets: every step that was taken on a ticket, by whom, \
                       when, and what it changed. A ticket's creator reads their own ticket, staff read any.\n\n\
                       Every path also answers `HEAD` as `GET` without the body, and `OPTIONS` with 204 and `Allow`. \
                       Whatever is not a good answer has the body `Error`, also where a path does not exist (404).",
        license(name = "MIT", identifier = "MIT")
    ),
    servers((url = "/", description = "The service that this description comes from")),
    tags((name = "traces", description = "Histories of tickets")),
    paths(traces::get),
    components(schemas(TracesBody, Envelope)),
    modifiers(&Token, &RequestId)
)]
struct Description;

/// How callers say who they are.
struct Token;

impl Modify for Token {
    fn modify(&self, description: &mut oa::OpenApi) {
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "A JWT that the sign-in service issued, in the one `Authorization` field. It needs `exp`, `sid` (the \
                 student number) and `access` (the rank).",
            ))
            .build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

/// The header that every answer bears.
struct RequestId;

impl Modify for RequestId {
    fn modify(&self, description: &mut oa::OpenApi) {
        let header = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .description(Some(
                "Names the request; the service's log names it the same.",
            ))
            .example(Some(json!("8f14e45f-ceea-467f-a0e6-1f5b2c3d4e5f")))
            .build();
        let operations = description
            .paths
            .paths
            .values_mut()
            .filter_map(|path| path.get.as_mut());
        for operation in operations {
            let responses: &mut BTreeMap<_, _> = &mut operation.responses.responses;
            for response in responses.values_mut() {
                if let RefOr::T(response) = response {
                    response
                        .headers
                        .insert("X-Request-Id".to_owned(), header.clone().into());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
