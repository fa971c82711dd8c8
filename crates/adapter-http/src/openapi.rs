//! The API's description in OpenAPI 3.1, and its pages for a browser.
//!
//! It is made from what serves: the types that are written, the errors as they are told, the domain's closed lists.

mod documents;
pub(crate) mod headers;
mod methods;
mod pages;

use std::{fmt::Write as _, sync::LazyLock};

use actix_web::{HttpRequest, HttpResponse, body::MessageBody, web::Bytes};
use serde_json::{Value, json};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self as oa, RefOr,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use wts_domain::{Access, Category, Language, Priority, Status};

use self::methods::Methods;
pub(crate) use self::pages::{DOCS, page, to_pages};
use crate::{
    constants::JSON,
    error::{self, ApiError, Envelope},
    health,
    request_body::NoBody,
    response::{self, CacheRule, Content, ETagBuilder},
    traces::{self, TracesBody},
};

pub(crate) const DOCUMENT_PATH: &str = "/api/v3/openapi.json";

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
#[utoipa::path(
    get,
    path = DOCUMENT_PATH,
    tag = "description",
    operation_id = "getDescription",
    summary = "This description",
    responses(documents::Description, error::ToWhoChooses)
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
                       Whatever is not a good answer has the body `Error`, also where a path does not exist (404), a \
                       method is not one of `GET`, `HEAD` and `OPTIONS` (405) or what was sent is no HTTP. The labels \
                       that people read are in `x-labels`.\n\n\
                       Every answer also bears `X-Content-Type-Options`, `X-Frame-Options`, \
                       `Content-Security-Policy`, `Cross-Origin-Resource-Policy` and `Referrer-Policy`, which keep \
                       browsers from misusing it; and where an operator lets in pages of other origins, `Vary: origin` \
                       and the `Access-Control-*` of the Fetch standard.",
        license(name = "MIT", identifier = "MIT")
    ),
    servers((url = "/", description = "The service that this description comes from")),
    tags(
        (name = "traces", description = "Histories of tickets"),
        (name = "health", description = "Whether the service is up, for those who start, stop and ask it"),
        (name = "description", description = "This description")
    ),
    paths(traces::get, health::live, health::ready, health::started, document, pages::page),
    components(schemas(TracesBody, Envelope)),
    modifiers(&Token, &Labels, &Refusals, &Methods, &RequestId)
)]
struct Description;

/// How callers say who they are.
struct Token;

impl Modify for Token {
    fn modify(&self, description: &mut oa::OpenApi) {
        let mut text = "A JWT that the sign-in service issued, in the one `Authorization` field. It needs `exp`, `sid` \
                        (the student number) and `access` (the rank). The ranks, lowest to highest:"
            .to_owned();
        for rank in Access::ALL {
            let [chinese, english] =
                [Language::Chinese, Language::English].map(|it| rank.label(it));
            // Writing to a text does not fail.
            let _ = write!(text, " `{rank}`: {chinese}, {english}.");
        }
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(text))
            .build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

/// What people call the values of the closed lists, for machines: by field, value and language (BCP 47).
struct Labels;

impl Modify for Labels {
    fn modify(&self, description: &mut oa::OpenApi) {
        macro_rules! labels {
            ($list:ty) => {{
                let by_language = |value: &$list| -> Value {
                    let languages = Language::ALL.iter();
                    languages
                        .map(|it| (it.as_str(), value.label(*it)))
                        .collect()
                };
                let values = <$list>::ALL.iter();
                values
                    .map(|value| (value.to_string(), by_language(value)))
                    .collect::<Value>()
            }};
        }
        let labels = json!({
            "new_status": labels!(Status),
            "new_priority": labels!(Priority),
            "new_category": labels!(Category),
            "access": labels!(Access),
        });
        description.info.extensions = Some([("x-labels", labels)].into_iter().collect());
    }
}

/// The refusals that are the same wherever they are told.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, description: &mut oa::OpenApi) {
        let components = description.components.get_or_insert_default();
        components.responses.extend(error::shared_responses());
    }
}

/// The header that every answer bears.
struct RequestId;

impl Modify for RequestId {
    fn modify(&self, description: &mut oa::OpenApi) {
        let paths = description.paths.paths.values_mut();
        let of_paths = paths
            .flat_map(|path| [&mut path.get, &mut path.head, &mut path.options])
            .flatten()
            .flat_map(|operation| operation.responses.responses.values_mut());
        let shared = description.components.get_or_insert_default();
        for response in of_paths.chain(shared.responses.values_mut()) {
            if let RefOr::T(response) = response {
                let (name, header) = headers::request_id();
                response.headers.insert(name, header.into());
            }
        }
    }
}

#[cfg(test)]
mod tests;
