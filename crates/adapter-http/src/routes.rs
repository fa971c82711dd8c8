//! What answers where.

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    dev::ServiceRequest,
    http::{
        Method,
        header::{ALLOW, HeaderValue},
    },
    web::{self, ServiceConfig, resource},
};

use crate::{content::WithoutContent, error::ApiError, health, metrics, openapi, traces};

pub(crate) const GET_TRACES: &str = "/api/v3/get_traces";
pub(crate) const OPENAPI: &str = "/api/v3/openapi.json";
const DOCS: &str = "/api/v3/docs";
pub(crate) const PAGES: &str = "/api/v3/docs/";
pub(crate) const LIVEZ: &str = "/livez";
pub(crate) const READYZ: &str = "/readyz";
pub(crate) const STARTUPZ: &str = "/startupz";
const METRICS: &str = "/metrics";

/// The type of every body.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// What every path can be asked by.
pub(crate) const METHODS: &str = "GET, HEAD, OPTIONS";

/// Paths that the log and the metrics name. All others are told of without a name.
const KNOWN: [&str; 6] = [GET_TRACES, OPENAPI, DOCS, LIVEZ, READYZ, STARTUPZ];

/// The path, if it is one of ours.
pub(crate) fn known(path: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|known| *known == path)
}

/// Whether it is asked every other second by machines, and never turned away.
pub(crate) fn is_health(route: Option<&str>) -> bool {
    matches!(route, Some(LIVEZ | READYZ | STARTUPZ))
}

/// Whether it is for who has a token to ask, and they are counted when that is looked at.
pub(crate) fn is_counted_by_token(request: &ServiceRequest) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
        && (request.path() == GET_TRACES || cfg!(feature = "bench") && request.path() == "/floor")
}

/// What everyone may ask.
pub(crate) fn public(config: &mut ServiceConfig) {
    config
        .service(readable(GET_TRACES, traces::get))
        .service(readable(OPENAPI, openapi::document))
        .service(readable(DOCS, openapi::to_pages))
        .service(readable("/api/v3/docs/{file:.*}", openapi::page));
    health(config);
    #[cfg(feature = "bench")]
    config.route("/floor", web::get().to(floor));
}

/// What the operator asks, on a listener of its own.
pub(crate) fn operations(config: &mut ServiceConfig) {
    config.service(readable(METRICS, metrics::tell));
    health(config);
}

fn health(config: &mut ServiceConfig) {
    config
        .service(readable(LIVEZ, health::live))
        .service(readable(READYZ, health::ready))
        .service(readable(STARTUPZ, health::started))
        .default_service(web::to(no_such_path));
}

/// What can be read under `path`, and nothing else be done with.
fn readable<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args> + Copy,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    resource(path)
        .route(web::get().to(handler))
        .route(web::head().to(handler))
        .route(web::method(Method::OPTIONS).to(options))
        .default_service(web::to(method_not_allowed))
}

/// What every answer costs, whatever it is about. Only there to be measured.
#[cfg(feature = "bench")]
async fn floor(_: crate::authentication::Active) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(JSON)
        .body(r#"{"success":true,"msg":"floor"}"#)
}

/// By what a path can be asked (RFC 9110 9.3.7). Nobody needs to say who they are to learn it.
async fn options(_: WithoutContent) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ALLOW, METHODS))
        .finish()
}

async fn method_not_allowed() -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed)
}

async fn no_such_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NoSuchPath)
}
