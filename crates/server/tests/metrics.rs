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
    thread,
};

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::support::{Response, Service, get, send, skipped, token, wait_until};

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
        if let Some((_, findings)) = promtool(&["check", "metrics"], text) {
            assert_eq!(findings, "", "{accept}: {text}");
        }
    }
}

/// Runs promtool with this input, and returns whether it succeeded and its output; `None` if promtool is not installed.
fn promtool(arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let promtool = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = match promtool {
        Ok(promtool) => promtool,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skipped::list("`promtool`, because it is not installed");
            return None;
        }
        Err(error) => unreachable!("promtool: {error}"),
    };
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = promtool.wait_with_output().unwrap();
    let mut printed = String::from_utf8(output.stdout).unwrap();
    printed += &String::from_utf8(output.stderr).unwrap();
    Some((output.status.success(), printed))
}

#[test]
fn alerts_are_valid_and_pass_their_tests() {
    let file = |name| format!("{}/deploy/{name}", env!("CARGO_MANIFEST_DIR"));
    for arguments in [
        ["check", "rules", &file("alerts.yml")],
        ["test", "rules", &file("alerts_test.yml")],
    ] {
        if let Some((is_success, printed)) = promtool(&arguments, "") {
            assert!(is_success, "{printed}");
        }
    }
}

#[test]
fn transaction_that_blocks_the_feed_is_logged_with_its_process() {
    let database = Database::with(Kind::Postgres, sample_records());
    database.execute("select setval('wts.ticket_traces_opid_seq', 99)");
    let mut service = Service::with(&database.url(), &[("WTS_METRICS_LISTEN", "127.0.0.1:0")]);
    let metrics = service.operations();
    let insert = "insert into wts.ticket_traces (tid, op, remark) values (123, '-1', '')";
    let id_taken = "select last_value::text from wts.ticket_traces_opid_seq";
    // The transaction is open until a table exists, at most 40 s.
    let transaction = format!(
        "begin; {insert};
         do $$ begin for _ in 1..400 loop
             exit when exists (select from pg_class where relname = 'released');
             perform pg_sleep(0.1);
         end loop; end $$;
         commit"
    );
    thread::scope(|scope| {
        scope.spawn(|| database.execute(&transaction));
        wait_until("the transaction has an id", || {
            database.query_texts(id_taken) == ["100"]
        });
        database.execute(insert);
        let process = database.query_texts(
            "select pid::text from pg_stat_activity
             where datname = current_database() and query like 'begin; insert%' and state = 'active'",
        );
        let output = service.wait_for_output("feed is blocked by an open transaction");
        let expected = format!("database.pids=\"{}\"", process.join(", "));
        assert!(output.contains(&expected), "{expected} in {output}");
        let sample = "wts_database_feed_wait_seconds{database=\"primary\"} ";
        let text = get(metrics, "/metrics").body;
        let wait = text.lines().find_map(|line| line.strip_prefix(sample));
        assert!(wait.unwrap().parse::<f64>().unwrap() >= 10.0, "{text}");
        database.execute("create table wts.released ()");
    });
    service.wait_for_output("feed is no longer blocked");
}
