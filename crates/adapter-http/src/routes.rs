//! The route table. The access log, metrics, spans, limits, `Allow` and `OPTIONS` are derived from it.

use std::future::ready;

use actix_web::{
    HttpResponse, Route as Handler,
    dev::ResourceDef,
    http::{Method, header::ALLOW},
    web::{self, ServiceConfig},
};

use self::Callers::{Administrators, Everyone, TokenHolders};
use crate::{
    docs,
    error::ApiError,
    feed, health, metrics, pages,
    request_body::NoBody,
    request_class::RequestClass::{self, Health, Unary},
    traces,
};

/// A route: the pattern of its paths, its methods and handler, its callers and its limits.
pub(crate) struct Route {
    /// The pattern of the route's paths in the syntax of actix, such as `/tickets/{tid}`.
    pattern: &'static str,
    /// The name of the route in logs, metrics and spans.
    pub(crate) label: &'static str,
    methods: &'static Methods,
    pub(crate) callers: Callers,
    /// The initial class of the route's requests, which the handler can change.
    pub(crate) class: RequestClass,
    /// The maximum length of a request body. A longer body is rejected before it is read.
    pub(crate) max_body_bytes: u64,
    handler: fn() -> Handler,
}

/// The methods of a route. Every route also has `OPTIONS`.
pub(crate) struct Methods {
    list: &'static [Method],
    allow: &'static str,
}

/// The clients that may call a route. Rate limits depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callers {
    /// All clients. Their requests are limited by address.
    Everyone,
    /// Clients with a token, which the handler verifies. Their requests are limited by caller.
    TokenHolders,
    /// Administrators, who use a separate listener.
    Administrators,
}

pub(crate) const READ: &Methods = &Methods {
    list: &[Method::GET, Method::HEAD],
    allow: "GET, HEAD, OPTIONS",
};

/// The maximum length of a request body that is read and discarded. No handler accepts a body.
pub(crate) const MAX_DISCARDED_BODY_BYTES: u64 = 64 * 1_024;

#[rustfmt::skip]
static API: &[Route] = &[
    Route::new(traces::PATH, READ, TokenHolders, Unary, || web::to(traces::get)),
    Route::new(feed::PATH, READ, TokenHolders, Unary, || web::to(feed::get)),
    Route::new(docs::DOCUMENT_PATH, READ, Everyone, Unary, || web::to(docs::document)),
    Route::new(docs::DOCS, READ, Everyone, Unary, || web::to(docs::redirect_to_index)),
    Route::new("/api/v3/docs/{file:.*}", READ, Everyone, Unary, || web::to(docs::page)).label("/api/v3/docs/{file}"),
    Route::new(pages::START, READ, Everyone, Unary, || web::to(pages::page)),
    Route::new(pages::ACTIVITY, READ, Everyone, Unary, || web::to(pages::page)),
    Route::new(pages::TICKET, READ, Everyone, Unary, || web::to(pages::page)),
    Route::new(pages::ASSETS, READ, Everyone, Unary, || web::to(pages::asset)),
    #[cfg(feature = "bench")]
    Route::new("/baseline", READ, TokenHolders, Unary, || web::to(baseline)),
];

#[rustfmt::skip]
static ADMIN: &[Route] = &[
    Route::new(metrics::PATH, READ, Administrators, Unary, || web::to(metrics::metrics_handler)),
];

/// The health checks, which both listeners have.
#[rustfmt::skip]
static HEALTH: &[Route] = &[
    Route::new(health::LIVEZ, READ, Everyone, Health, || web::to(health::live)),
    Route::new(health::READYZ, READ, Everyone, Health, || web::to(health::ready)),
    Route::new(health::STARTUPZ, READ, Everyone, Health, || web::to(health::started)),
];

impl Route {
    pub(crate) const fn new(
        pattern: &'static str,
        methods: &'static Methods,
        callers: Callers,
        class: RequestClass,
        handler: fn() -> Handler,
    ) -> Self {
        Self {
            pattern,
            label: pattern,
            methods,
            callers,
            class,
            max_body_bytes: MAX_DISCARDED_BODY_BYTES,
            handler,
        }
    }

    /// Sets a label that differs from the pattern.
    const fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    pub(crate) fn allows(&self, method: &Method) -> bool {
        self.methods.list.contains(method)
    }
}

/// The routes of a listener, in the order in which paths are compared with them.
pub(crate) struct RouteTable(Vec<(ResourceDef, &'static Route)>);

impl RouteTable {
    /// Returns the routes of the API.
    pub(crate) fn api() -> Self {
        Self::new(&[
            API,
            HEALTH,
            #[cfg(test)]
            crate::tests::ROUTES,
        ])
    }

    /// Returns the routes of the administrators' listener.
    pub(crate) fn admin() -> Self {
        Self::new(&[ADMIN, HEALTH])
    }

    fn new(tables: &[&'static [Route]]) -> Self {
        let routes = tables.iter().copied().flatten();
        Self(
            routes
                .map(|route| (ResourceDef::new(route.pattern), route))
                .collect(),
        )
    }

    /// Returns the route of a path. The path must be normalized in the same way as actix does for matching.
    pub(crate) fn find(&self, path: &str) -> Option<&'static Route> {
        let (_, route) = self.0.iter().find(|(pattern, _)| pattern.is_match(path))?;
        Some(route)
    }

    /// Registers all routes with actix.
    pub(crate) fn register(&self, config: &mut ServiceConfig) {
        for (_, route) in &self.0 {
            let allow = route.methods.allow;
            let mut resource = web::resource(route.pattern);
            for method in route.methods.list {
                resource = resource.route((route.handler)().method(method.clone()));
            }
            // `OPTIONS` needs no token, because the methods of a path are public (RFC 9110 9.3.7).
            let options = web::method(Method::OPTIONS).to(move |_: NoBody| {
                let mut response = HttpResponse::NoContent();
                ready(response.insert_header((ALLOW, allow)).finish())
            });
            let others = web::to(move || {
                ready(Err::<HttpResponse, _>(ApiError::MethodNotAllowed { allow }))
            });
            config.service(resource.route(options).default_service(others));
        }
        config.default_service(web::to(no_such_path));
    }
}

async fn no_such_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NoSuchPath)
}

/// Returns a constant body after authentication: the baseline of benchmarks. The query string is `bytes=` and the
/// length of the body, at most 64 KiB.
#[cfg(feature = "bench")]
async fn baseline(
    _: crate::authentication::AuthenticatedCaller,
    request: actix_web::HttpRequest,
) -> HttpResponse {
    static BODY: [u8; 64 * 1_024] = [b' '; 64 * 1_024];
    let length = request.query_string().strip_prefix("bytes=");
    let length = length.and_then(|length| length.parse::<usize>().ok());
    let body: &'static [u8] = length
        .and_then(|length| BODY.get(..length))
        .unwrap_or_default();
    HttpResponse::Ok()
        .content_type(crate::constants::JSON)
        .body(body)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn route_is_found_by_its_pattern() {
        let table = RouteTable::api();
        let label = |path: &str| table.find(path).map(|route| route.label);
        assert_eq!(label("/api/v3/get_traces"), Some("/api/v3/get_traces"));
        assert_eq!(label("/api/v3/docs"), Some("/api/v3/docs"));
        for file in ["", "index.html", "a/b"] {
            let path = format!("/api/v3/docs/{file}");
            assert_eq!(label(&path), Some("/api/v3/docs/{file}"));
        }
        for unknown in [
            "",
            "/tickets",
            "*",
            "/api/v3/get_traces/",
            "/metrics",
            "/livez2",
        ] {
            assert_eq!(label(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_described_path_has_a_route() {
        let description: Value = serde_json::from_str(crate::openapi_document()).unwrap();
        let paths = description["paths"].as_object().unwrap();
        // The pages are for people, not for programs.
        let pages = [pages::START, pages::ACTIVITY, pages::TICKET, pages::ASSETS];
        let undescribed = [docs::DOCS, "/baseline"];
        let routes = [API, HEALTH].into_iter().flatten();
        let routes = routes
            .filter(|route| !undescribed.contains(&route.label) && !pages.contains(&route.label));
        assert_eq!(paths.len(), routes.count());
        for (path, operations) in paths {
            let route = RouteTable::api().find(path).unwrap();
            let needs_token = !operations["get"]["security"].is_null();
            assert_eq!(needs_token, route.callers == TokenHolders, "{path}");
        }
    }
}
