//! The API's description in OpenAPI 3.1, and Swagger UI, which shows it in a browser.
//!
//! It is made from the attributes of handlers and types; the modifiers add what all operations have in common.

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
use wts_domain::{Access, Category, Priority, Status};

#[cfg(test)]
pub(crate) use self::errors::every_error;
pub(crate) use self::swagger_ui::{DOCS, page, to_pages};
use self::{errors::ErrorResponses, headers::SuccessHeaders};
use crate::{
    constants::JSON,
    error::{ApiError, Envelope},
    health,
    labels::{json_of_labels, label_values, text_of_labels},
    request_body::NoBody,
    response::{self, CacheRule, Content, ETagBuilder},
    traces::{self, TracesBody},
};

pub(crate) const DOCUMENT_PATH: &str = "/api/v3/openapi.json";

/// Returns the description as it is served: JSON that people can read too.
pub fn openapi_document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        // Nothing in it is a map whose keys are not texts, so there is nothing that JSON could not express.
        let document = Description::openapi().to_pretty_json();
        document.unwrap_or_default() + "\n"
    });
    &DOCUMENT
}

/// `GET /api/v3/openapi.json`.
#[utoipa::path(
    get,
    path = DOCUMENT_PATH,
    tag = "description",
    operation_id = "getDescription",
    summary = "This description",
    responses(
        (status = 200, description = "The description", content_type = "application/json", body = Object),
        (status = 304, description = "The client has this version already")
    )
)]
pub(crate) async fn document(_: NoBody, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    response::ensure_accepts_json(&request)?;
    let document = openapi_document();
    let mut etag = ETagBuilder::new();
    etag.bytes(document);
    response::respond(&request, etag.finish(), CacheRule::PRIVATE, JSON, || {
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
        description = "The history of campus network repair tickets: every step that was taken on a ticket, by whom, \
                       when, and what it changed. A ticket's creator reads their own ticket, staff read any.\n\n\
                       Every path also accepts `HEAD`, which responds as `GET` without the body, and `OPTIONS`, which \
                       responds with 204 and `Allow`.\n\n\
                       Every response that is not a success has the body `Error`, also where a path does not exist (404) \
                       or a method is not one of `GET`, `HEAD` and `OPTIONS` (405). The labels \
                       that people read are in `x-labels`.\n\n\
                       Every response also has `X-Content-Type-Options`, `X-Frame-Options`, \
                       `Content-Security-Policy`, `Cross-Origin-Resource-Policy` and `Referrer-Policy`, which keep \
                       browsers from misusing it; and where an administrator allows pages of other origins, `Vary: origin` \
                       and the `Access-Control-*` of the Fetch standard.",
        license(name = "MIT", identifier = "MIT")
    ),
    servers((url = "/", description = "The service that this description comes from")),
    tags(
        (name = "traces", description = "Histories of tickets"),
        (name = "health", description = "Whether the service is up, for process managers and load balancers"),
        (name = "description", description = "This description")
    ),
    paths(traces::get, health::live, health::ready, health::started, document, swagger_ui::page),
    components(schemas(TracesBody, Envelope)),
    modifiers(&TokenScheme, &Labels, &ErrorResponses, &SuccessHeaders)
)]
struct Description;

/// Adds how callers authenticate.
struct TokenScheme;

impl Modify for TokenScheme {
    fn modify(&self, description: &mut oa::OpenApi) {
        let text = text_of_labels(
            "A JWT that the sign-in service issued, in the one `Authorization` field. It needs `exp`, `sid` (the student \
             number) and `access` (the rank). The ranks, lowest to highest:",
            &label_values!(Access),
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

/// Adds the labels of values for programs: by field, value and language.
struct Labels;

impl Modify for Labels {
    fn modify(&self, description: &mut oa::OpenApi) {
        let labels = json!({
            "new_status": json_of_labels(&label_values!(Status)),
            "new_priority": json_of_labels(&label_values!(Priority)),
            "new_category": json_of_labels(&label_values!(Category)),
            "access": json_of_labels(&label_values!(Access)),
        });
        description.info.extensions = Some([("x-labels", labels)].into_iter().collect());
    }
}

#[cfg(test)]
mod tests;
