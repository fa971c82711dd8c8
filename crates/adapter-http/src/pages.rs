//! The web pages: the history of a ticket, the recent activity, and a start page.
//!
//! All pages are one HTML document with one stylesheet and some JavaScript modules, which are compiled into the binary.
//! They contain no data. The modules send requests to the API with the visitor's token.

use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    http::header::{CONTENT_SECURITY_POLICY, HeaderValue},
    web::{Bytes, Data, Path},
};
use serde_json::{Value, json};
use wts_domain::{Access, Category, HistoryFindingKind, Language, Priority, Status, TicketField};

use crate::{
    error::ApiError,
    labels::enum_values,
    request_body::NoBody,
    response::{self, CachePolicy, Content, ETagBuilder},
    settings::HttpSettings,
};

pub(crate) const START: &str = "/";
pub(crate) const TICKET: &str = "/tickets/{tid}";
pub(crate) const ACTIVITY: &str = "/activity";
pub(crate) const ASSETS: &str = "/assets/{file}";

/// The content security policy of the pages: all files are loaded from this origin, and inline scripts and styles are
/// forbidden.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const STYLESHEET: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");

/// Handles `GET /`, `GET /activity` and `GET /tickets/{tid}`. The document is the same for every ticket: the API checks the
/// number.
pub(crate) async fn page(
    _: NoBody,
    request: HttpRequest,
    settings: Data<HttpSettings>,
) -> Result<HttpResponse, ApiError> {
    let is_below_root = request.match_info().get("tid").is_some();
    let root = if is_below_root { ".." } else { "." };
    respond(&request, HTML, document(root, &settings)).await
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
        "activity.css" => (STYLESHEET, file!("activity.css")),
        "activity.js" => (SCRIPT, file!("activity.js")),
        "api.js" => (SCRIPT, file!("api.js")),
        "dom.js" => (SCRIPT, file!("dom.js")),
        "entry.js" => (SCRIPT, file!("entry.js")),
        // Also part of the example client.
        "event-stream.js" => (SCRIPT, include_str!("../examples/event-stream.js")),
        "format.js" => (SCRIPT, file!("format.js")),
        "icon.svg" => (SVG, file!("icon.svg")),
        "main.js" => (SCRIPT, file!("main.js")),
        "notice.js" => (SCRIPT, file!("notice.js")),
        "page.css" => (STYLESHEET, file!("page.css")),
        "start.js" => (SCRIPT, file!("start.js")),
        "texts-en.js" => {
            let own = file!("texts-en.js");
            return respond(&request, SCRIPT, words(own, Language::English)).await;
        }
        "texts-zh.js" => {
            let own = file!("texts-zh.js");
            return respond(&request, SCRIPT, words(own, Language::Chinese)).await;
        }
        "texts.js" => (SCRIPT, file!("texts.js")),
        "ticket.js" => (SCRIPT, file!("ticket.js")),
        "token.js" => (SCRIPT, file!("token.js")),
        _ => return Err(ApiError::NoSuchPath),
    };
    respond(&request, content_type, text).await
}

/// Returns the JavaScript module with all words of a language: the page's own words, then the labels of values and fields
/// in the order of `wts-domain`, and the ranks of operators.
fn words(own: &str, language: Language) -> String {
    let lists = [
        ("status", enum_values!(Status)),
        ("priority", enum_values!(Priority)),
        ("category", enum_values!(Category)),
        ("field", enum_values!(TicketField)),
        ("findings", enum_values!(HistoryFindingKind)),
    ];
    let mut module = format!("{own}\nexport const labels = {{\n");
    for (list, values) in lists {
        let labels = values.iter().flat_map(|value| {
            let labels = value.labels.iter();
            let labels = labels.filter(|(tag, _)| *tag == language.as_str());
            labels.map(|(_, label)| format!("{}: {}", json!(value.name), json!(label)))
        });
        let labels = labels.collect::<Vec<_>>().join(", ");
        module.extend(["  ", list, ": { ", &labels, " },\n"]);
    }
    let ranks = Access::ALL.iter().filter(|rank| rank.is_operator());
    let operators: Value = ranks.map(|rank| rank.as_str()).collect();
    module + &format!("}};\nexport const operators = {operators};\n")
}

/// Returns the HTML document. `root` is the relative path from the page to the root of the service, so that the pages
/// also work behind a path prefix.
fn document(root: &str, settings: &HttpSettings) -> String {
    let key = settings.token_storage_key.as_deref().unwrap_or_default();
    let sign_in = settings.sign_in_url.as_ref().map_or("", |url| url.as_str());
    include_str!("pages/page.html")
        .replace("{root}", root)
        .replace("{storage_key}", &attribute(key))
        .replace("{sign_in}", &attribute(sign_in))
}

/// Escapes `text` for use in a double-quoted HTML attribute.
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
    fn settings_are_escaped_in_the_document() {
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
