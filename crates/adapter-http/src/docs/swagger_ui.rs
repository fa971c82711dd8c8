//! Swagger UI, which displays the OpenAPI description in a browser. All files of Swagger UI are compiled into the
//! binary.

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    http::header::{CONTENT_SECURITY_POLICY, HeaderValue, LOCATION},
    web::Path,
};
use utoipa_swagger_ui::{Config, serve};

use crate::{
    error::ApiError,
    request_body::NoBody,
    response::{self, CachePolicy, Content, ETagBuilder},
};

pub(crate) const DOCS: &str = "/api/v3/docs";
pub(crate) const DOCS_INDEX: &str = "/api/v3/docs/";

/// The content security policy of Swagger UI: the browser loads files from this origin only.
const SAME_ORIGIN_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The path of the description, relative to that of the page, so that a proxy can add a prefix to both.
const RELATIVE_DOCUMENT: &str = "../openapi.json";
/// The path of the page, relative to [`DOCS`].
const RELATIVE_INDEX: &str = "docs/";

/// Handles `GET /api/v3/docs`: redirects to the path with a trailing slash, because the page uses relative links.
pub(crate) async fn redirect_to_index(_: NoBody) -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, RELATIVE_INDEX))
        .finish()
}

/// Handles `GET /api/v3/docs/…`: returns a file of Swagger UI.
#[utoipa::path(
    get,
    path = DOCS_INDEX,
    tag = "description",
    operation_id = "getDocs",
    summary = "Returns Swagger UI, which shows this description in a browser",
    description = "All files that the page loads are under this path.",
    responses(
        (status = 200, description = "The HTML page", content_type = "text/html", body = String),
        (status = 304, description = "Not Modified: `If-None-Match` contains the current entity tag")
    )
)]
pub(crate) async fn page(
    _: NoBody,
    request: HttpRequest,
    file: Path<String>,
) -> Result<HttpResponse, ApiError> {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        let config = Config::new([RELATIVE_DOCUMENT])
            // Without this setting, Swagger UI sends the description to an external validator.
            .validator_url("none")
            .display_request_duration(true)
            .try_it_out_enabled(true);
        Arc::new(config)
    });
    let file = serve(&file, Arc::clone(&CONFIG))
        .map_err(|_| ApiError::Internal("generating a file of Swagger UI failed"))?
        .ok_or(ApiError::NoSuchPath)?;
    let content_type = HeaderValue::try_from(with_charset(file.content_type))
        .map_err(|_| ApiError::Internal("a file of Swagger UI has an invalid content type"))?;
    let mut etag = ETagBuilder::new();
    etag.add_bytes(&file.bytes);
    let (etag, bytes) = (etag.finish(), file.bytes.into_owned());
    let content = if file.gzpipped {
        Content::Gzip(bytes)
    } else {
        Content::Plain(bytes.boxed())
    };
    let cache = CachePolicy::STATIC;
    let mut response =
        response::respond(&request, etag, cache, content_type, || Ok(content)).await?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, SAME_ORIGIN_POLICY);
    Ok(response)
}

/// Adds the charset to the content type of a text file. All files are in UTF-8.
fn with_charset(content_type: String) -> String {
    if content_type.starts_with("text/") {
        content_type + "; charset=utf-8"
    } else {
        content_type
    }
}
