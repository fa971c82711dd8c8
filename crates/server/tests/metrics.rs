//! Tests of the metrics: their values, their formats and the listener that serves them.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot run promtool has failed"
)]

mod support;

use std::{
    io::{ErrorKind, Write},
    net::SocketAddr,
    process::{Command, Stdio},
};

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::support::{Response, Service, get, send, skipped, token};

const TRACES: &str = "/api/v3/get_traces?tid=123";

#[test]
fn metrics_count_requests_and_are_not_on_the_public_port() {
    let database = Database::with(Kind::Postgres, sample_records());
    let mut service = Service::with(&database.url(), &[("WTS_METRICS_LISTEN", "127.0.0.1:0")]);
    let alice = token(ALICE, Access::User);
    assert_eq!(service.get(TRACES, &alice).status, 200);
    assert_eq!(service.get(TRACES, &alice).status, 200);
    assert_eq!(service.get(TRACES, "x").status, 401);
    assert_eq!(service.get("/nowhere/at-all", "x").status, 404);
    assert_eq!(service.request("GET", "/metrics", &[]).status, 404);

    let metrics = get(service.operations(), "/metrics");

    let text = &metrics.body;
    let route = r#"route="/api/v3/get_traces""#;
    for line in [
        format!("wts_http_requests_total{{{route},status=\"200\"}} 2"),
        format!("wts_http_requests_total{{{route},status=\"401\"}} 1"),
        "wts_http_requests_total{route=\"none\",status=\"404\"} 2".to_owned(),
        format!("wts_http_request_duration_seconds_count{{{route}}} 3"),
        "wts_http_requests_in_flight 0".to_owned(),
        "wts_database_up{database=\"primary\"} 1".to_owned(),
        "wts_database_batch_tickets_count{database=\"primary\"} 2".to_owned(),
        format!(
            "wts_build_info{{version=\"{}\"}} 1",
            env!("CARGO_PKG_VERSION")
        ),
    ] {
        assert!(
            text.lines().any(|candidate| candidate == line),
            "{line} in {text}"
        );
    }
    for name in [
        "wts_http_connections",
        "wts_database_connections",
        "process_resident_memory_bytes",
        "process_open_fds",
    ] {
        assert!(text.contains(&format!("# TYPE {name} gauge")), "{name}");
    }
    for (path, status) in [("/metrics", 200), ("/readyz", 200), ("/nowhere", 404)] {
        let response = get(service.operations(), path);
        assert_eq!(response.status, status);
        assert!(response.header("x-request-id").is_some(), "{path}");
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    }
    assert!(
        !text.contains("at-all"),
        "paths of the clients' choosing: {text}"
    );
}

/// Returns the metrics for a client that sends this `Accept`.
fn scrape(address: SocketAddr, accept: &str) -> Response {
    let request = format!(
        "GET /metrics HTTP/1.1\r\nHost: wts\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
    );
    Response::parse(&send(address, request.as_bytes()))
}

#[test]
fn metrics_are_valid_in_both_formats() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let mut service = Service::with(&database.url(), &[("WTS_METRICS_LISTEN", "127.0.0.1:0")]);
    assert_eq!(service.get(TRACES, "x").status, 401);
    let address = service.operations();
    for (accept, content_type, is_open) in [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8", false),
        (
            "application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5",
            "text/plain; version=0.0.4; charset=utf-8",
            false,
        ),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            true,
        ),
    ] {
        let metrics = scrape(address, accept);
        assert_eq!(metrics.status, 200, "{accept}");
        assert_eq!(metrics.header("content-type"), Some(content_type));
        assert_eq!(metrics.header("vary"), Some("Accept"));
        let text = &metrics.body;
        assert_eq!(text.ends_with("\n# EOF\n"), is_open, "{text}");
        let counter = "# TYPE wts_http_requests_total counter\n";
        assert_eq!(text.contains(counter), !is_open, "{text}");
        if let Some(findings) = promtool_findings(text) {
            assert_eq!(findings, "", "{accept}: {text}");
        }
    }
}

/// Returns the output of `promtool check metrics`, which is empty if it accepts the metrics; `None` if promtool is not
/// installed.
fn promtool_findings(metrics: &str) -> Option<String> {
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = match promtool {
        Ok(promtool) => promtool,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skipped::list("`promtool check metrics`, because promtool is not installed");
            return None;
        }
        Err(error) => unreachable!("promtool: {error}"),
    };
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(metrics.as_bytes()).unwrap();
    drop(stdin);
    let output = promtool.wait_with_output().unwrap();
    let mut findings = String::from_utf8(output.stdout).unwrap();
    findings += &String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.success(), findings.is_empty(), "{findings}");
    Some(findings)
}
