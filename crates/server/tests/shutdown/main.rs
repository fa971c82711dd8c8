//! Tests of the graceful shutdown: readiness, aborted requests, signals and systemd.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod requests;
#[path = "../support/mod.rs"]
mod support;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::{net::UnixDatagram, process::ExitStatusExt},
    time::Duration,
};

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records, trace_of};

use crate::support::{Service, get, namespace, token, wait_until};

const TRACES: &str = "/api/v3/get_traces?tid=123";

/// Sends a request on a connection. Returns whether it could be sent.
fn send(stream: &mut TcpStream, bearer: &str) -> bool {
    let request =
        format!("GET {TRACES} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\n\r\n");
    stream.write_all(request.as_bytes()).is_ok()
}

/// Reads one complete response and returns its head.
fn receive(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        read.extend(byte);
    }
    let head = String::from_utf8(read).ok()?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?
        .parse()
        .ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(head)
}

#[test]
fn readyz_fails_at_shutdown_while_requests_are_accepted() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let mut service = Service::with(
        &database.url(),
        &[
            ("WTS_SHUTDOWN_DELAY", "3s"),
            ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
        ],
    );
    let operations = service.operations();
    service.signal("TERM");
    service.wait_for_output("received a signal");
    wait_until("unready", || {
        get(service.address(), "/readyz").status != 200
    });
    for address in [service.address(), operations] {
        let response = get(address, "/readyz");
        assert_eq!(response.status, 503);
        assert!(
            response.body.contains("the service is stopping"),
            "{}",
            response.body
        );
        assert_eq!(get(address, "/livez").status, 200);
    }
    let response = service.get(TRACES, &token(ALICE, Access::User));
    assert_eq!(response.status, 200);
    assert_eq!(response.header("connection"), Some("close"));
    let (status, log) = service.ended();
    assert!(status.success(), "{log}");
}

#[test]
fn request_over_the_shutdown_timeout_is_aborted_and_logged() {
    let database = Database::with(Kind::Postgres, sample_records());
    let mut service = Service::with(&database.url(), &slow(&[("WTS_SHUTDOWN_TIMEOUT", "300ms")]));
    let operations = service.operations();
    let (status, log) = database.while_locked("wts.tickets", || {
        send_and_leave_in_flight(&service, operations);
        service.signal("TERM");
        service.ended()
    });
    assert_eq!(status.code(), Some(1), "{log}");
}

#[test]
fn slow_client_is_aborted_at_shutdown_and_logged() {
    let mut records = sample_records();
    // The long remark is in the last trace, so that the complete response is written at once.
    let remark = "x".repeat(30 * 1_024 * 1_024);
    records
        .traces
        .push(trace_of(123, 77, 100_000, "-1", &remark));
    let database = Database::with(Kind::Sqlite, records);
    let mut service = Service::with(
        &database.url(),
        &slow(&[("WTS_SHUTDOWN_TIMEOUT", "1500ms")]),
    );
    let operations = service.operations();
    let mut stream = TcpStream::connect(service.address()).unwrap();
    assert!(send(&mut stream, &token(ALICE, Access::User)));
    stream.read_exact(&mut [0; 4_096]).unwrap();
    let metrics = get(operations, "/metrics").body;
    assert!(metrics.contains("in_flight 1"), "{metrics}");

    service.signal("TERM");
    let (status, log) = service.ended();

    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.len() < remark.len(), "the response was not aborted");
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("1 requests were aborted"), "{log}");
}

#[test]
fn second_signal_ends_the_process_at_once() {
    for (first, second, code) in [
        ("TERM", "TERM", 143),
        ("TERM", "INT", 130),
        ("INT", "INT", 130),
    ] {
        let database = Database::with(Kind::Postgres, sample_records());
        let mut service = Service::with(&database.url(), &slow(&[("WTS_SHUTDOWN_TIMEOUT", "1h")]));
        let operations = service.operations();
        let (status, log) = database.while_locked("wts.tickets", || {
            send_and_leave_in_flight(&service, operations);
            service.signal(first);
            service.wait_for_output("received a signal");
            service.signal(second);
            service.ended()
        });
        assert_eq!(status.code(), Some(code), "{first}, {second}: {log}");
        assert!(log.contains("received a second signal"), "{log}");
    }
}

/// Returns settings with very long timeouts, and the settings `more`.
fn slow<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut settings = vec![
        ("WTS_REQUEST_TIMEOUT", "1h"),
        ("WTS_STATEMENT_TIMEOUT", "1h"),
        ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
    ];
    settings.extend(more);
    settings
}

/// Sends a request, and returns when it is in flight.
fn send_and_leave_in_flight(service: &Service, operations: SocketAddr) {
    let mut stream = TcpStream::connect(service.address()).unwrap();
    assert!(send(&mut stream, &token(ALICE, Access::User)));
    // The connection must stay open after this function returns.
    std::mem::forget(stream);
    wait_until("in flight", || {
        get(operations, "/metrics").body.contains("in_flight 1")
    });
}

#[test]
fn systemd_is_notified_of_readiness_and_stopping() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let heard = || {
        let mut message = [0; 512];
        let length = manager.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length])
            .trim()
            .to_owned()
    };
    let service = Service::with(
        &database.url(),
        &[("NOTIFY_SOCKET", path.to_str().unwrap())],
    );
    assert_eq!(heard(), "READY=1");
    service.signal("TERM");
    assert_eq!(heard(), "STOPPING=1");
    let (status, log) = service.ended();
    assert!(status.success(), "{log}");
}

#[test]
fn process_1_of_a_container_stops_on_a_signal() {
    // The command gets process id 1 in a PID namespace. Its process id outside is known only through its parent.
    let Some(mut command) = namespace::unshare(&["--pid", "--fork", "--kill-child"], &["true"])
    else {
        return;
    };
    let database = Database::with(Kind::Sqlite, sample_records());
    command
        .args([env!("CARGO_BIN_EXE_wts"), "serve"])
        .env_clear()
        .env("WTS_DATABASE_URL", database.url())
        .env("WTS_JWT_SECRET", support::SECRET)
        .env("WTS_LISTEN", "127.0.0.1:0")
        .env("WTS_SHUTDOWN_DELAY", "0s");
    let service = Service::run_serving(&mut command);
    assert_eq!(service.get(TRACES, &token(ALICE, Access::User)).status, 200);

    service.signal_child("TERM");

    let (status, log) = service.ended();
    assert!(
        status.success() && status.signal().is_none(),
        "{status}: {log}"
    );
    assert!(log.contains("stopped"), "{log}");
}
