//! The pages for people: the history of a ticket, the board of what happens now, and a start page.
//!
//! All three are one HTML document with one stylesheet and a few modules of JavaScript, which are compiled into the binary.
//! They hold no data: the modules ask the API with the visitor's token.

use std::sync::LazyLock;

use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    http::header::{CONTENT_SECURITY_POLICY, HeaderValue},
    web::{Bytes, Data, Path},
};
use serde_json::{Value, json};
use wts_domain::{Category, Priority, Status};

use crate::{
    error::ApiError,
    labels::{enum_values, labels_json},
    request_body::NoBody,
    response::{self, CachePolicy, Content, ETagBuilder},
    settings::HttpSettings,
};

pub(crate) const START: &str = "/";
pub(crate) const TICKET: &str = "/tickets/{tid}";
pub(crate) const ACTIVITY: &str = "/activity";
pub(crate) const ASSETS: &str = "/assets/{file}";

/// The content security policy of the pages: everything comes from this origin, and nothing is inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const STYLESHEET: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");

/// Handles `GET /` and `GET /activity`.
pub(crate) async fn page(
    _: NoBody,
    request: HttpRequest,
    settings: Data<HttpSettings>,
) -> Result<HttpResponse, ApiError> {
    respond(&request, HTML, document(".", &settings)).await
}

/// Handles `GET /tickets/{tid}`. The document is the same for every number: the API checks it.
pub(crate) async fn ticket_page(
    _: NoBody,
    request: HttpRequest,
    settings: Data<HttpSettings>,
) -> Result<HttpResponse, ApiError> {
    respond(&request, HTML, document("..", &settings)).await
}

/// Handles `GET /assets/{file}`.
pub(crate) async fn asset(
    _: NoBody,
    request: HttpRequest,
    file: Path<String>,
) -> Result<HttpResponse, ApiError> {
    macro_rules! file {
        ($name:literal) => {
            include_str!(concat!("pages/", $name))
        };
    }
    let (content_type, text) = match file.as_str() {
        "activity.js" => (SCRIPT, file!("activity.js")),
        "api.js" => (SCRIPT, file!("api.js")),
        "dom.js" => (SCRIPT, file!("dom.js")),
        "entry.js" => (SCRIPT, file!("entry.js")),
        "format.js" => (SCRIPT, file!("format.js")),
        "icon.svg" => (SVG, file!("icon.svg")),
        "labels.js" => (SCRIPT, LABELS.as_str()),
        "main.js" => (SCRIPT, file!("main.js")),
        "notice.js" => (SCRIPT, file!("notice.js")),
        "page.css" => (STYLESHEET, file!("page.css")),
        "start.js" => (SCRIPT, file!("start.js")),
        "texts.js" => (SCRIPT, file!("texts.js")),
        "ticket.js" => (SCRIPT, file!("ticket.js")),
        "token.js" => (SCRIPT, file!("token.js")),
        _ => return Err(ApiError::NoSuchPath),
    };
    respond(&request, content_type, text).await
}

/// The module with the words for the values of a trace's fields, from `wts-domain`.
static LABELS: LazyLock<String> = LazyLock::new(|| {
    let labels: Value = json!({
        "status": labels_json(&enum_values!(Status)),
        "priority": labels_json(&enum_values!(Priority)),
        "category": labels_json(&enum_values!(Category)),
    });
    format!("// The words for the values of fields.\nexport const labels = {labels};\n")
});

/// Returns the HTML document. `root` is the relative path from the page to the root of the service, so that the pages work
/// under any prefix.
fn document(root: &str, settings: &HttpSettings) -> String {
    let key = settings.token_storage_key.as_deref().unwrap_or_default();
    let sign_in = settings.sign_in_url.as_ref().map_or("", |url| url.as_str());
    include_str!("pages/page.html")
        .replace("{root}", root)
        .replace("{storage_key}", &attribute(key))
        .replace("{sign_in}", &attribute(sign_in))
}

/// Escapes a text for a quoted attribute.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

async fn respond(
    request: &HttpRequest,
    content_type: HeaderValue,
    text: impl Into<Bytes>,
) -> Result<HttpResponse, ApiError> {
    let text = text.into();
    let mut etag = ETagBuilder::new();
    etag.add_bytes(&text);
    let content = || Ok(Content::Plain(text.boxed()));
    let cache = CachePolicy::STATIC;
    let mut response =
        response::respond(request, etag.finish(), cache, content_type, content).await?;
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, POLICY);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_escapes_settings() {
        let settings = HttpSettings {
            token_storage_key: Some(r#"a"><script>&"#.to_owned()),
            ..HttpSettings::default()
        };
        let document = document("..", &settings);
        assert!(
            document.contains(r#"data-storage-key="a&quot;>&lt;script>&amp;""#),
            "{document}"
        );
        assert!(!document.contains('{'), "{document}");
    }
}
