//! Tests of malformed requests, client disconnects and an unresponsive database.

mod support;

use std::{io::Write, net::TcpStream, thread};

use serde_json::json;
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::support::{Service, send, token};

const TRACES: &str = "/api/v3/get_traces?tid=123";

fn is_well(service: &Service) -> bool {
    service.get(TRACES, &token(ALICE, Access::User)).opids() == [1, 3]
}

#[test]
fn malformed_requests_get_only_error_responses() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let mut service = Service::with(&database.url(), &[("WTS_METRICS_LISTEN", "127.0.0.1:0")]);
    let good = token(ALICE, Access::User);
    let long = "a".repeat(200_000);
    let hostile: Vec<(u16, Vec<u8>)> = vec![
        (408, b"\r\n\r\n".to_vec()),
        (400, b"\0\0\0\0\r\n\r\n".to_vec()),
        (400, b"GET\r\n\r\n".to_vec()),
        (400, b"GET / HTTP/9.9\r\n\r\n".to_vec()),
        (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        (401, b"GET /api/v3/get_traces?tid=123 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \xff\xfe\r\n\r\n".to_vec()),
        (400, b"GET /api/v3/get_traces?tid=123 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_vec()),
        (431, format!("GET {TRACES}{long} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").into_bytes()),
        (431, format!("GET {TRACES} HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n").into_bytes()),
        (431, format!("GET {TRACES} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {long}\r\nConnection: close\r\n\r\n").into_bytes()),
        (431, format!("GET {TRACES} HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(500)).into_bytes()),
        (400, format!("GET {TRACES} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {good}\r\nContent-Length: x\r\n\r\n").into_bytes()),
        (400, format!(
            "GET {TRACES} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {good}\r\nContent-Length: 5\r\n\
             Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET {TRACES} HTTP/1.1\r\n\r\n"
        )
        .into_bytes()),
    ];

    let operations = service.operations();
    // The requests are sent concurrently, because the service waits for the rest of incomplete ones.
    thread::scope(|scope| {
        for (expected, request) in &hostile {
            let service = &service;
            scope.spawn(move || {
                let shown = String::from_utf8_lossy(&request[..request.len().min(80)]);
                for address in [service.address(), operations] {
                    let response = String::from_utf8_lossy(&send(address, request)).into_owned();
                    let shown = format!("{shown:?} at {address} got the response {response}");
                    assert!(!response.contains("query success"), "{shown}");
                    if address == service.address() {
                        assert!(
                            response.starts_with(&format!("HTTP/1.1 {expected} ")),
                            "{shown}"
                        );
                    }
                    // Bytes that are not a complete request can be rejected without a body.
                    let (_, body) = response.split_once("\r\n\r\n").unwrap_or_default();
                    assert!(body.is_empty() || body.contains(r#""errType":"#), "{shown}");
                }
                assert!(is_well(service), "after {shown:?}");
            });
        }
    });
    let (_, output) = service.stop("TERM");
    assert!(!output.contains("ERROR"), "{output}");
}

#[test]
fn client_disconnects_do_not_affect_other_requests() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::with(kind, sample_records());
        let service = Service::on(&database.url());
        let request = format!(
            "GET {TRACES} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
            token(ALICE, Access::User)
        );
        for length in (0..=request.len()).step_by(7).chain([request.len(); 50]) {
            let mut stream = TcpStream::connect(service.address()).unwrap();
            stream.write_all(&request.as_bytes()[..length]).unwrap();
        }
        assert!(is_well(&service), "{kind:?}");
    }
}

#[test]
fn locked_postgresql_fails_requests_in_time_and_recovers() {
    let database = Database::with(Kind::Postgres, sample_records());
    let service = Service::on(&database.url());
    let alice = token(ALICE, Access::User);

    let responses = database.while_locked("wts.tickets", || {
        thread::scope(|scope| {
            let clients: Vec<_> = (0..30)
                .map(|_| scope.spawn(|| service.get(TRACES, &alice)))
                .collect();
            clients
                .into_iter()
                .map(|client| client.join().unwrap())
                .collect::<Vec<_>>()
        })
    });

    // A read that was sent to the database fails with 500; a read that is still queued gets 503.
    assert!(responses.iter().any(|response| response.status == 500));
    for response in responses {
        if response.status == 500 {
            assert_eq!(
                response.json(),
                json!({"success": false, "msg": "system met a uncaught error,please view logs.", "errType": 1})
            );
        } else {
            assert_eq!(response.status, 503);
            assert_eq!(response.header("retry-after"), Some("1"));
            assert_eq!(response.json()["errType"], 1);
        }
    }
    assert!(is_well(&service));
}
