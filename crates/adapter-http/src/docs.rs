//! The OpenAPI 3.1 description of the API, and Swagger UI, which displays the description in a browser.
//!
//! The description is generated from attributes of handlers and types. Modifiers add the parts that all operations have
//! in common: error responses, headers, the token scheme and the labels of enum values.

mod errors;
mod headers;
mod swagger_ui;

use std::sync::LazyLock;

use actix_web::{HttpRequest, HttpResponse, body::MessageBody, web::Bytes};
use serde_json::json;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self as oa,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use wts_domain::{Access, Actor, Category, HistoryFindingKind, Priority, Status, TicketField};

#[cfg(test)]
pub(crate) use self::errors::every_error;
pub(crate) use self::swagger_ui::{DOCS, page, redirect_to_index};
use self::{errors::ErrorResponses, headers::SuccessHeaders};
use crate::{
    constants::JSON,
    error::{ApiError, ErrorBody},
    feed::{self, FeedBody},
    health,
    labels::{enum_values, labels_json, labels_text},
    request_body::NoBody,
    response::{self, CachePolicy, Content, ETagBuilder},
    traces::{self, TracesBody},
};

pub(crate) const DOCUMENT_PATH: &str = "/api/v3/openapi.json";

/// Returns the OpenAPI description as indented JSON, the body of `GET /api/v3/openapi.json`.
pub fn openapi_document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        // Serialization fails only for maps with keys that are not strings, and the description has no such maps.
        let document = Description::openapi().to_pretty_json();
        document.unwrap_or_default() + "\n"
    });
    &DOCUMENT
}

/// Handles `GET /api/v3/openapi.json`.
#[utoipa::path(
    get,
    path = DOCUMENT_PATH,
    tag = "description",
    operation_id = "getDescription",
    summary = "Returns this OpenAPI description",
    responses(
        (status = 200, description = "The OpenAPI description", content_type = "application/json", body = Object),
        (status = 304, description = "Not Modified: `If-None-Match` contains the current entity tag")
    )
)]
pub(crate) async fn document(_: NoBody, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    response::ensure_accepts_json(&request)?;
    let document = openapi_document();
    let mut etag = ETagBuilder::new();
    etag.add_bytes(document);
    response::respond(&request, etag.finish(), CachePolicy::PRIVATE, JSON, || {
        Ok(Content::Plain(
            Bytes::from_static(document.as_bytes()).boxed(),
        ))
    })
    .await
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "WTS traces",
        description = "The history of campus network repair tickets: every step taken on a ticket, who took it, when, \
                       and what it changed. The creator of a ticket can read its history; staff can read the history of \
                       any ticket.\n\n\
                       Every path also accepts `HEAD`, which responds like `GET` without a body, and `OPTIONS`, which \
                       responds with 204 and an `Allow` header.\n\n\
                       Every error response has the body `Error`. This includes 404 for an unknown path and 405 for a \
                       method other than `GET`, `HEAD` and `OPTIONS`. The message `msg` is in Chinese if `Accept-Language` \
                       prefers `zh` to `en` and `*`, otherwise in English. The messages of 403 and 500, of a missing or \
                       invalid `tid` and of an unknown ticket are the same for every client.\n\n\
                       Integers such as `opid` and `tid` are 64-bit numbers. JavaScript rounds integers above 2^53 \
                       (9007199254740992) without an error, so a JavaScript client needs a JSON parser that reads them as \
                       `BigInt` if its numbers can be that large.\n\n\
                       Every response has the security headers `X-Content-Type-Options`, `X-Frame-Options`, \
                       `Content-Security-Policy`, `Cross-Origin-Resource-Policy` and `Referrer-Policy`. If an \
                       administrator has allowed other origins (CORS), responses also have `Vary: origin` and the \
                       `Access-Control-*` headers of the Fetch standard.\n\n\
                       `x-labels` contains the Chinese and English labels of all enum values.",
        license(name = "MIT", identifier = "MIT")
    ),
    servers((url = "../..", description = "The service that serves this description, also under a path prefix")),
    tags(
        (name = "traces", description = "Ticket histories"),
        (name = "health", description = "Health checks for process managers and load balancers"),
        (name = "description", description = "This OpenAPI description, as JSON and in a browser")
    ),
    paths(traces::get, feed::get, health::live, health::ready, health::started, document, swagger_ui::page),
    components(schemas(TracesBody, FeedBody, ErrorBody)),
    modifiers(&TokenScheme, &EmptyValues, &Labels, &ErrorResponses, &SuccessHeaders)
)]
struct Description;

/// Adds the empty value to the enums of query parameters, because an empty value counts as absent.
struct EmptyValues;

impl Modify for EmptyValues {
    fn modify(&self, description: &mut oa::OpenApi) {
        let operations = description.paths.paths.values_mut();
        let operations = operations.filter_map(|path| path.get.as_mut());
        let parameters = operations.filter_map(|operation| operation.parameters.as_mut());
        for parameter in parameters.flatten() {
            if let oa::RefOr::T(parameter) = parameter
                && let Some(oa::RefOr::T(oa::Schema::Object(schema))) = &mut parameter.schema
                && let Some(values) = &mut schema.enum_values
            {
                values.push("".into());
            }
        }
    }
}

/// The modifier that adds the security scheme, a bearer token.
struct TokenScheme;

impl Modify for TokenScheme {
    fn modify(&self, description: &mut oa::OpenApi) {
        let text = labels_text(
            "A JWT issued by the sign-in service, sent in exactly one `Authorization` header. Required claims: `exp`, \
             `sid` (student number) and `access` (rank). The ranks, lowest to highest:",
            &enum_values!(Access),
        );
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(text))
            .build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

/// The modifier that adds the extension `x-labels`: the labels of enum values by field, value and language.
struct Labels;

impl Modify for Labels {
    fn modify(&self, description: &mut oa::OpenApi) {
        let labels = json!({
            "new_status": labels_json(&enum_values!(Status)),
            "new_priority": labels_json(&enum_values!(Priority)),
            "new_category": labels_json(&enum_values!(Category)),
            "access": labels_json(&enum_values!(Access)),
            "actor": labels_json(&enum_values!(Actor)),
            "field": labels_json(&enum_values!(TicketField)),
            "findings": labels_json(&enum_values!(HistoryFindingKind)),
        });
        description.info.extensions = Some([("x-labels", labels)].into_iter().collect());
    }
}

#[cfg(test)]
mod tests;
