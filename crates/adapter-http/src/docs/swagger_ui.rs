//! Swagger UI, which shows the description in a browser; all its files are part of this program.

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    http::header::{CONTENT_SECURITY_POLICY, HeaderValue, LOCATION},
    web::Path,
};
use utoipa_swagger_ui::{Config, serve};

use super::DOCUMENT_PATH;
use crate::{
    error::ApiError,
    request_body::NoBody,
    response::{self, CacheRule, Content, ETagBuilder},
};

pub(crate) const DOCS: &str = "/api/v3/docs";
pub(crate) const DOCS_INDEX: &str = "/api/v3/docs/";

/// Keeps the browser from loading anything from elsewhere.
const SAME_ORIGIN_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// `GET /api/v3/docs`, where relative links of the pages would not work.
pub(crate) async fn to_pages(_: NoBody) -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, DOCS_INDEX))
        .finish()
}

/// `GET /api/v3/docs/…`.
#[utoipa::path(
    get,
    path = DOCS_INDEX,
    tag = "description",
    operation_id = "getDocs",
    summary = "This description for a browser, with all that the page needs under the same path",
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String),
        (status = 304, description = "The client has this version already")
    )
)]
pub(crate) async fn page(
    _: NoBody,
    request: HttpRequest,
    file: Path<String>,
) -> Result<HttpResponse, ApiError> {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        let config = Config::new([DOCUMENT_PATH])
            // It would send the description to a service elsewhere.
            .validator_url("none")
            .display_request_duration(true)
            .try_it_out_enabled(true);
        Arc::new(config)
    });
    let file = serve(&file, Arc::clone(&CONFIG))
        .map_err(|_| ApiError::Internal("a page of the API's description could not be made"))?
        .ok_or(ApiError::NoSuchPath)?;
    let content_type = HeaderValue::try_from(with_charset(file.content_type))
        .map_err(|_| ApiError::Internal("a page has an invalid content type"))?;
    let mut etag = ETagBuilder::new();
    etag.bytes(&file.bytes);
    let (etag, bytes) = (etag.finish(), file.bytes.into_owned());
    let content = if file.gzpipped {
        Content::Gzip(bytes)
    } else {
        Content::Plain(bytes.boxed())
    };
    let cache = CacheRule::STATIC;
    let mut response =
        response::respond(&request, etag, cache, content_type, || Ok(content)).await?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, SAME_ORIGIN_POLICY);
    Ok(response)
}

/// Adds the encoding of all texts here, UTF-8.
fn with_charset(content_type: String) -> String {
    if content_type.starts_with("text/") {
        content_type + "; charset=utf-8"
    } else {
        content_type
    }
}
