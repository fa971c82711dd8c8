//! The description as pages for a browser: Swagger UI, all of it out of this program.

use std::{io::Read, sync::Arc, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, HeaderValue,
        LOCATION, VARY, X_CONTENT_TYPE_OPTIONS,
    },
    web::Path,
};
use utoipa_swagger_ui::{Config, SwaggerFile, serve};

use crate::{error::ApiError, routes};

/// Lets the browser ask nobody but this service for anything, whatever a page says.
const FROM_HERE_ONLY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// `GET /api/v3/docs`, where links inside the pages would lead astray.
pub(crate) async fn to_pages() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "/api/v3/docs/"))
        .finish()
}

/// `GET /api/v3/docs/…`.
pub(crate) async fn page(
    request: HttpRequest,
    file: Path<String>,
) -> Result<HttpResponse, ApiError> {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        let config = Config::new([routes::OPENAPI])
            // It would send the description to a service elsewhere.
            .validator_url("none")
            .display_request_duration(true)
            .try_it_out_enabled(true);
        Arc::new(config)
    });
    let file = serve(&file, Arc::clone(&CONFIG))
        .map_err(|_| ApiError::Fault("a page of the API's description could not be made"))?
        .ok_or(ApiError::NoSuchPath)?;
    let mut response = HttpResponse::Ok();
    response
        .content_type(file.content_type.as_str())
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, FROM_HERE_ONLY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((VARY, "Accept-Encoding"));
    if !file.gzpipped {
        return Ok(response.body(file.bytes.into_owned()));
    }
    if takes_gzip(&request) {
        response.insert_header((CONTENT_ENCODING, "gzip"));
        return Ok(response.body(file.bytes.into_owned()));
    }
    Ok(response.body(unpacked(&file)?))
}

/// Every browser does.
fn takes_gzip(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(ACCEPT_ENCODING)
        .and_then(|field| field.to_str().ok())
        .is_some_and(|field| {
            field
                .split(',')
                .any(|coding| coding.trim().eq_ignore_ascii_case("gzip"))
        })
}

fn unpacked(file: &SwaggerFile<'_>) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&*file.bytes)
        .read_to_end(&mut bytes)
        .map_err(|_| ApiError::Fault("a page of the API's description could not be unpacked"))?;
    Ok(bytes)
}
