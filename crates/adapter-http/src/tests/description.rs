//! Tests that the OpenAPI description matches the statuses and headers of responses.

use actix_web::ResponseError;
use serde_json::Value;

use super::*;
use crate::{docs::every_error, error::ApiError, openapi_document};

/// The headers that the description does not list for each response: those of the message framing, and the security
/// headers, which are described once for all responses.
const UNDOCUMENTED_HEADERS: [&str; 10] = [
    "Connection",
    "Content-Length",
    "Content-Type",
    "Date",
    "Transfer-Encoding",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Content-Security-Policy",
    "Cross-Origin-Resource-Policy",
    "Referrer-Policy",
];

/// Asserts that the description of a path contains this status, and all these headers for it.
fn assert_described<'a>(path: &str, status: &str, names: impl Iterator<Item = &'a str>) {
    let description: Value = serde_json::from_str(openapi_document()).unwrap();
    let response = &description["paths"][path]["get"]["responses"][status];
    let response = match response["$ref"].as_str() {
        Some(reference) => description.pointer(&reference[1..]).unwrap(),
        None => response,
    };
    let described = response["headers"].as_object().unwrap();
    for name in names {
        let is_same = |other: &str| other.eq_ignore_ascii_case(name);
        assert!(
            UNDOCUMENTED_HEADERS.into_iter().any(is_same)
                || described.keys().any(|other| is_same(other)),
            "{name} of {status}, {path}"
        );
    }
}

#[tokio::test]
async fn success_headers_are_described() {
    let app = App::with_repository(|histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    });
    let alice = format!("Authorization: Bearer {}", token(ALICE, Access::User));
    for path in [
        PATH,
        "/api/v3/get_traces?tid=123&format=csv",
        "/livez",
        "/readyz",
        "/startupz",
        "/api/v3/openapi.json",
        "/api/v3/docs/",
    ] {
        let cached = if path.starts_with("/api") {
            "304"
        } else {
            "200"
        };
        for (method, field, status) in [
            ("GET", "X: y", "200"),
            ("GET", "Accept-Encoding: identity;q=0, gzip", "200"),
            ("HEAD", "X: y", "200"),
            ("GET", "If-None-Match: *", cached),
        ] {
            let bytes = app.request_bytes(method, path, &[&alice, field]).await;
            let response = String::from_utf8_lossy(&bytes);
            let (head, _) = response.split_once("\r\n\r\n").unwrap();
            let mut lines = head.lines();
            let first = lines.next().unwrap();
            assert!(first.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            let (path, _) = path.split_once('?').unwrap_or((path, ""));
            let names = lines.map(|line| line.split_once(": ").unwrap().0);
            assert_described(path, status, names);
        }
    }
}

#[test]
fn error_headers_are_described() {
    for error in every_error() {
        let path = match error {
            ApiError::NotReady(_) => "/readyz",
            _ => "/api/v3/get_traces",
        };
        let response = error.error_response();
        let names = response.headers().iter().map(|(name, _)| name.as_str());
        // The middleware adds these two headers to every error response.
        let names = names.chain(["x-request-id", "cache-control"]);
        assert_described(path, response.status().as_str(), names);
    }
}

#[test]
fn security_headers_are_described_once() {
    for name in UNDOCUMENTED_HEADERS
        .into_iter()
        .skip_while(|name| *name != "X-Content-Type-Options")
    {
        assert!(openapi_document().contains(&format!("`{name}`")), "{name}");
    }
}
