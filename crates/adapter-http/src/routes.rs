//! What answers where.

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    dev::ServiceRequest,
    http::{Method, header::ALLOW},
    web::{self, ServiceConfig, resource},
};

use crate::{
    constants::METHODS, docs, error::ApiError, health, metrics, request_body::NoBody, traces,
};

/// Paths that the log and the metrics name. All others are told of without a name.
const KNOWN: [&str; 6] = [
    traces::PATH,
    docs::DOCUMENT_PATH,
    docs::DOCS,
    health::LIVEZ,
    health::READYZ,
    health::STARTUPZ,
];

/// The path, if it is one of ours.
pub(crate) fn known(path: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|known| *known == path)
}

/// Whether it is asked every other second by machines, and never turned away.
pub(crate) fn is_health(route: Option<&str>) -> bool {
    matches!(
        route,
        Some(health::LIVEZ | health::READYZ | health::STARTUPZ)
    )
}

/// Whether it is for who has a token to ask, and they are counted when that is looked at.
pub(crate) fn is_counted_by_token(request: &ServiceRequest) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
        && (request.path() == traces::PATH || cfg!(feature = "bench") && request.path() == "/floor")
}

/// What everyone may ask.
pub(crate) fn public(config: &mut ServiceConfig) {
    config
        .service(readable(traces::PATH, traces::get))
        .service(readable(docs::DOCUMENT_PATH, docs::document))
        .service(readable(docs::DOCS, docs::to_pages))
        .service(readable("/api/v3/docs/{file:.*}", docs::page));
    add_health(config);
    #[cfg(feature = "bench")]
    config.route("/floor", web::get().to(floor));
}

/// What the operator asks, on a listener of its own.
pub(crate) fn admin(config: &mut ServiceConfig) {
    config.service(readable(metrics::PATH, metrics::metrics_handler));
    add_health(config);
}

fn add_health(config: &mut ServiceConfig) {
    config
        .service(readable(health::LIVEZ, health::live))
        .service(readable(health::READYZ, health::ready))
        .service(readable(health::STARTUPZ, health::started))
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
async fn floor(_: crate::authentication::AuthenticatedCaller) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(crate::constants::JSON)
        .body(r#"{"success":true,"msg":"floor"}"#)
}

/// By what a path can be asked (RFC 9110 9.3.7). Nobody needs to say who they are to learn it.
async fn options(_: NoBody) -> HttpResponse {
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
