//! Whether what is sent is what the description says.

use serde_json::Value;

use super::*;
use crate::{
    HttpMetrics,
    error::{ApiError, every_error},
    middleware::refuse_unread,
    openapi::headers::BESIDES,
    openapi_document,
};

/// Asserts that the answer's status, and every field of it, is described where it was asked for.
fn assert_described(answer: &str, path: &str, method: &str) {
    let description: Value = serde_json::from_str(openapi_document()).unwrap();
    let responses = &description["paths"][path][method]["responses"];
    let status = &answer["HTTP/1.1 ".len()..][..3];
    let response = [status, "default"]
        .into_iter()
        .find_map(|status| responses.get(status))
        .unwrap();
    let response = match response["$ref"].as_str() {
        Some(reference) => description.pointer(&reference[1..]).unwrap(),
        None => response,
    };
    let described = response["headers"].as_object().unwrap();
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    for line in head.lines().skip(1) {
        let (name, _) = line.split_once(": ").unwrap();
        let is_named = |known: &str| known.eq_ignore_ascii_case(name);
        assert!(
            BESIDES.into_iter().any(is_named) || described.keys().any(|known| is_named(known)),
            "{name} of {status}, {method} {path}"
        );
    }
}

#[tokio::test]
async fn every_field_of_a_good_answer_is_described() {
    let app = App::with(|histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    });
    let alice = format!("Authorization: Bearer {}", token(ALICE, Access::User));
    for path in [
        PATH,
        "/livez",
        "/readyz",
        "/startupz",
        "/api/v3/openapi.json",
        "/api/v3/docs/",
    ] {
        for (method, field, status) in [
            ("GET", "X: y", "200"),
            ("GET", "Accept-Encoding: identity;q=0, gzip", "200"),
            ("HEAD", "X: y", "200"),
            ("OPTIONS", "X: y", "204"),
            ("GET", "If-None-Match: *", "304"),
        ] {
            let is_kept = path.starts_with("/api");
            let bytes = app.ask_for_bytes(method, path, &[&alice, field]).await;
            let answer = String::from_utf8_lossy(&bytes);
            let status = if is_kept || status != "304" {
                status
            } else {
                "200"
            };
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{answer}"
            );
            let (path, _) = path.split_once('?').unwrap_or((path, ""));
            assert_described(&answer, path, &method.to_lowercase());
        }
    }
}

#[test]
fn every_field_of_a_refusal_is_described() {
    for error in every_error() {
        let answer = refuse_unread(&error, false, Duration::ZERO, &HttpMetrics::default());
        let path = match error {
            ApiError::NotReady(_) => "/readyz",
            _ => "/api/v3/get_traces",
        };
        assert_described(&String::from_utf8(answer).unwrap(), path, "get");
    }
}

#[test]
fn what_is_described_once_for_all_is_named() {
    for name in BESIDES
        .into_iter()
        .skip_while(|name| *name != "X-Content-Type-Options")
    {
        assert!(openapi_document().contains(&format!("`{name}`")), "{name}");
    }
}
