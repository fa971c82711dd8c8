//! Tests of responses: conditional requests, content negotiation, request bodies, methods and request ids.

use super::*;
use crate::HttpSettings;

pub(super) fn bearer(sid: &str, access: Access) -> String {
    format!("Authorization: Bearer {}", token(sid, access))
}

/// Returns a server whose repository has one ticket, filed by Alice, with `number` traces.
pub(super) fn with_traces(number: i64) -> App {
    App::with_repository(|histories| {
        histories
            .expect_find()
            .returning(move |_| Ok(found(long_history(number))));
    })
}

fn long_history(number: i64) -> Arc<TicketHistory> {
    let trace = history_of(ALICE).traces[0].clone();
    let traces = (1..=number).map(|id| {
        let mut trace = trace.clone();
        trace.id = TraceId::new(id);
        trace
    });
    Arc::new(TicketHistory::new(StudentId::from(ALICE), traces.collect()))
}

/// Returns the value of a response header.
pub(super) fn field<'a>(response: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = response.split_once("\r\n\r\n").unwrap();
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn matching_if_none_match_gets_304() {
    let app = with_traces(2);
    let alice = bearer(ALICE, Access::User);
    let first = app.request("GET", PATH, &[&alice]).await;
    let tag = field(&first, "etag").unwrap();
    assert_eq!(field(&first, "cache-control"), Some("private, no-cache"));
    assert_eq!(field(&first, "vary"), Some("Accept, Accept-Encoding"));

    // The tag matches for every caller, as a weak or strong tag, and in a list of tags.
    let strong = tag.strip_prefix("W/").unwrap();
    for caller in [&alice, &bearer("2024310999", Access::Dev)] {
        for known in [
            tag,
            strong,
            "*",
            &format!("W/\"x\", {tag}"),
            &format!("\"x\",{strong}"),
        ] {
            for method in ["GET", "HEAD"] {
                let known = format!("If-None-Match: {known}");
                let response = app.request(method, PATH, &[caller, &known]).await;
                assert!(
                    response.starts_with("HTTP/1.1 304 Not Modified\r\n"),
                    "{known}: {response}"
                );
                assert!(response.ends_with("\r\n\r\n"), "{response}");
                for name in ["etag", "cache-control", "vary"] {
                    assert_eq!(field(&response, name), field(&first, name), "{response}");
                }
                assert!(field(&response, "x-request-id").is_some());
                assert_eq!(field(&response, "content-type"), None);
            }
        }
    }
    for unknown in ["\"x\"", "W/\"\"", "x", strong.trim_matches('"'), ""] {
        let unknown = format!("If-None-Match: {unknown}");
        let response = app.request("GET", PATH, &[&alice, &unknown]).await;
        assert!(
            response.starts_with("HTTP/1.1 200 "),
            "{unknown}: {response}"
        );
    }
}

#[tokio::test]
async fn denied_caller_gets_403_for_a_known_entity_tag() {
    let app = with_traces(1);
    let mallory = bearer("2024310666", Access::User);
    let first = app
        .request("GET", PATH, &[&bearer(ALICE, Access::User)])
        .await;
    for known in ["*", field(&first, "etag").unwrap()] {
        let known = format!("If-None-Match: {known}");
        let response = app.request("GET", PATH, &[&mallory, &known]).await;
        assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
        assert_eq!(field(&response, "etag"), None);
    }
}

#[tokio::test]
async fn accept_without_json_and_csv_gets_406() {
    let app = with_traces(1);
    let alice = bearer(ALICE, Access::User);
    for (accept, status) in [
        ("*/*", "200"),
        ("application/json", "200"),
        ("application/json, text/plain, */*", "200"),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "200",
        ),
        ("application/*;q=0.1", "200"),
        ("application/json; charset=utf-8", "200"),
        ("", "200"),
        ("nonsense", "200"),
        ("text/html", "406"),
        ("application/xml, text/plain", "406"),
        ("application/json;q=0, text/csv;q=0, */*;q=0", "406"),
        ("*/*;q=0", "406"),
    ] {
        let response = app
            .request("GET", PATH, &[&alice, &format!("Accept: {accept}")])
            .await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{accept:?}: {response}"
        );
        assert!(response.contains("content-type: application/json; charset=utf-8\r\n"));
    }
}

#[tokio::test]
async fn request_with_body_gets_415() {
    let app = with_traces(1);
    let alice = bearer(ALICE, Access::User);
    for (field, body, is_accepted) in [
        ("Content-Length: 0", "", true),
        ("Content-Type: application/json", "", true),
        ("Content-Length: 2", "{}", false),
        ("Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n", false),
        ("Transfer-Encoding: chunked", "-1\r\n\r\n", false),
        ("Transfer-Encoding: chunked", "0\r\n\r\n", true),
        (
            "Transfer-Encoding: chunked",
            "0\r\nX-Checksum: 1\r\n\r\n",
            true,
        ),
        ("Transfer-Encoding: chunked", "0;x=1\r\n\r\n", true),
    ] {
        for (method, path, success) in [
            ("GET", PATH, "200"),
            ("HEAD", "/livez", "200"),
            ("OPTIONS", PATH, "204"),
            ("GET", "/livez", "200"),
            ("GET", "/readyz", "200"),
            ("GET", "/startupz", "200"),
            ("GET", "/api/v3/openapi.json", "200"),
            ("GET", "/api/v3/docs", "308"),
            ("GET", "/api/v3/docs/", "200"),
        ] {
            let response = app.send(method, path, &[&alice, field], body).await;
            let response = String::from_utf8(response).unwrap();
            let status = if is_accepted { success } else { "415" };
            assert!(
                response.starts_with(&format!("HTTP/1.1 {status} ")),
                "{method} {path}, {field}: {response}"
            );
            assert!(
                is_accepted || method == "HEAD" || response.ends_with(r#""errType":2}"#),
                "{response}"
            );
        }
    }
}

#[tokio::test]
async fn authentication_is_checked_before_content_negotiation() {
    let app = App::with_repository(|_| {});
    for (odd, body) in [
        ("Accept: text/html", ""),
        ("Accept-Encoding: *;q=0", ""),
        ("Content-Length: 2", "{}"),
    ] {
        let response = app.send("GET", PATH, &[odd], body).await;
        assert!(response.starts_with(b"HTTP/1.1 401 "), "{odd}");
    }
}

#[tokio::test]
async fn options_lists_methods_without_token() {
    let app = App::with_repository(|_| {});
    for path in [PATH, "/api/v3/get_traces", "/livez"] {
        let response = app.request("OPTIONS", path, &[]).await;
        assert!(response.starts_with("HTTP/1.1 204 "), "{response}");
        assert_eq!(field(&response, "allow"), Some("GET, HEAD, OPTIONS"));
        assert!(field(&response, "x-request-id").is_some());
    }
}

#[tokio::test]
async fn request_id_is_accepted_from_trusted_proxies_only() {
    let with_history = |histories: &mut wts_app::MockHistoryRepository| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    };
    let settings = HttpSettings {
        trusted_proxies: "127.0.0.0/8".parse().unwrap(),
        ..HttpSettings::default()
    };
    let behind = App::with_settings(settings, with_history);
    let (alice, id) = (
        bearer(ALICE, Access::User),
        "X-Request-Id: from-the-proxy_1",
    );
    for path in [PATH, "/nowhere"] {
        let response = behind.request("GET", path, &[&alice, id]).await;
        assert_eq!(
            field(&response, "x-request-id"),
            Some("from-the-proxy_1"),
            "{response}"
        );
    }
    let response = with_traces(1).request("GET", PATH, &[&alice, id]).await;
    assert_ne!(field(&response, "x-request-id"), Some("from-the-proxy_1"));
}
