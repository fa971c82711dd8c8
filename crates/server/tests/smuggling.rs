//! Tests of request smuggling: requests that two servers could parse differently.
//!
//! Each request is followed by a second request on the same connection, which alone would get 200. The first request is
//! either rejected, or its end is unambiguous. In both cases the connection must be closed without reading the second
//! request.

mod support;

use std::thread;

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::support::{Service, token};

/// Returns the second request, which some servers would parse as part of the first one.
fn second() -> String {
    format!(
        "GET /api/v3/get_traces?tid=123 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        token(ALICE, Access::User)
    )
}

fn statuses(response: &[u8]) -> Vec<u16> {
    String::from_utf8_lossy(response)
        .split("HTTP/1.1 ")
        .skip(1)
        .filter_map(|response| response.get(..3)?.parse().ok())
        .collect()
}

/// Returns the first requests: a description, the expected status, the head without its last empty line, and the bytes
/// between the head and the second request.
fn shapes() -> Vec<(&'static str, u16, String, &'static str)> {
    let get = |lines: &str| format!("GET /livez HTTP/1.1\r\nHost: a\r\n{lines}");
    let post = |lines: &str| format!("POST /livez HTTP/1.1\r\nHost: a\r\n{lines}");
    vec![
        ("Content-Length before Transfer-Encoding", 400, post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        ("Transfer-Encoding before Content-Length", 400, post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "0\r\n\r\n"),
        ("two lengths", 400, post("Content-Length: 0\r\nContent-Length: 5\r\n"), "hello"),
        ("two equal lengths", 400, post("Content-Length: 5\r\nContent-Length: 5\r\n"), "hello"),
        ("a list of lengths", 400, post("Content-Length: 5, 5\r\n"), "hello"),
        ("a signed length", 400, post("Content-Length: +5\r\n"), "hello"),
        ("a negative length", 400, post("Content-Length: -1\r\n"), ""),
        ("a hexadecimal length", 400, post("Content-Length: 0x5\r\n"), "hello"),
        ("a length that wraps", 400, post("Content-Length: 18446744073709551621\r\n"), "hello"),
        ("a length with two zeros", 400, post("Content-Length: 00\r\n"), ""),
        ("a length with a leading zero", 400, post("Content-Length: 05\r\n"), "hello"),
        ("a target for another host", 400, "GET http://b/livez HTTP/1.1\r\nHost: a\r\n".to_owned(), ""),
        ("a target for another port", 400, "GET http://a:81/livez HTTP/1.1\r\nHost: a\r\n".to_owned(), ""),
        ("a target with a user", 400, "GET http://b@a/livez HTTP/1.1\r\nHost: a\r\n".to_owned(), ""),
        ("no length", 400, post("Content-Length:\r\n"), ""),
        ("a length with a space in it", 400, post("Content-Length: 0 5\r\n"), "hello"),
        ("a length before a space", 400, post("Content-Length : 5\r\n"), "hello"),
        ("a length with an underscore", 400, post("Content_Length: 5\r\n"), ""),
        ("an encoding with an underscore", 400, post("Transfer_Encoding: chunked\r\n"), ""),
        ("a folded length", 400, post("X: y\r\n Content-Length: 5\r\n"), ""),
        ("a folded encoding", 400, post("Transfer-Encoding:\r\n chunked\r\n"), "0\r\n\r\n"),
        ("two encodings", 400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), "0\r\n\r\n"),
        ("a list of encodings", 400, post("Transfer-Encoding: gzip, chunked\r\n"), "0\r\n\r\n"),
        ("chunked twice", 400, post("Transfer-Encoding: chunked, chunked\r\n"), "0\r\n\r\n"),
        ("an unknown encoding", 400, post("Transfer-Encoding: xchunked\r\n"), "0\r\n\r\n"),
        ("identity", 400, post("Transfer-Encoding: identity\r\n"), ""),
        ("an encoding in quotes", 400, post("Transfer-Encoding: \"chunked\"\r\n"), "0\r\n\r\n"),
        ("an encoding after a vertical tab", 400, post("Transfer-Encoding: \x0bchunked\r\n"), "0\r\n\r\n"),
        ("an encoding whose name has a space at its end", 400, post("Transfer-Encoding : chunked\r\n"), "0\r\n\r\n"),
        ("an encoding after a carriage return", 400, post("X: y\rTransfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        ("an encoding after a line feed", 405, post("X: y\nTransfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        ("chunks in HTTP/1.0", 400, "POST /livez HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n".to_owned(), "0\r\n\r\n"),
        ("a chunk with a negative length", 405, post("Transfer-Encoding: chunked\r\n"), "-1\r\n\r\n"),
        ("a chunk with a length that wraps", 405, post("Transfer-Encoding: chunked\r\n"), "10000000000000000\r\n\r\n"),
        ("a chunk with 0x", 405, post("Transfer-Encoding: chunked\r\n"), "0x0\r\n\r\n"),
        ("a chunk that is longer than its length", 405, post("Transfer-Encoding: chunked\r\n"), "1\r\nabc\r\n0\r\n\r\n"),
        ("a line feed without carriage return after a chunk's length", 405, post("Transfer-Encoding: chunked\r\n"), "0\n\r\n"),
        ("a line feed in a chunk's extension", 405, post("Transfer-Encoding: chunked\r\n"), "0;a\nb\r\n\r\n"),
        ("a trailer with Content-Length", 405, post("Transfer-Encoding: chunked\r\n"), "0\r\nContent-Length: 5\r\n\r\n"),
        ("GET with a body", 415, get("Content-Length: 5\r\n"), "hello"),
        ("GET with an empty chunked body", 200, get("Transfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        ("GET with a chunked body", 415, get("Transfer-Encoding: chunked\r\n"), "1\r\na\r\n0\r\n\r\n"),
        ("GET with Expect and a body", 415, get("Expect: 100-continue\r\nContent-Length: 5\r\n"), "hello"),
        ("a body that the service does not read", 405, post("Content-Length: 5\r\n"), "hello"),
        ("a large body", 413, post("Content-Length: 1000000000\r\n"), ""),
        ("a switch to HTTP/2", 200, get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"), ""),
        ("a switch to a WebSocket", 200, get("Connection: Upgrade\r\nUpgrade: websocket\r\n"), ""),
        ("a tunnel", 404, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n".to_owned(), ""),
        ("no host", 400, "GET /livez HTTP/1.1\r\nX: y\r\n".to_owned(), ""),
        ("two hosts", 400, get("Host: b\r\n"), ""),
        ("a host with a space", 400, "GET /livez HTTP/1.1\r\nHost: a b\r\n".to_owned(), ""),
        ("a host with a user and a path", 400, "GET /livez HTTP/1.1\r\nHost: a b@c/d\r\n".to_owned(), ""),
        ("a host list", 400, "GET /livez HTTP/1.1\r\nHost: a, b\r\n".to_owned(), ""),
        ("a zero in a field", 400, get("X: a\0b\r\n"), ""),
        ("a field without a name", 400, get(": y\r\n"), ""),
        ("a field without a colon", 400, get("X\r\n"), ""),
        ("a name with a space", 400, get("X y: z\r\n"), ""),
        ("a tab in the request line", 400, "GET\t/livez\tHTTP/1.1\r\nHost: a\r\n".to_owned(), ""),
        ("another version", 400, "GET /livez HTTP/1.2\r\nHost: a\r\n".to_owned(), ""),
        ("an old version", 400, "GET /livez HTTP/0.9\r\nHost: a\r\n".to_owned(), ""),
        ("no version", 400, "GET /livez\r\nHost: a\r\n".to_owned(), ""),
    ]
}

#[test]
fn ambiguous_request_is_the_last_on_its_connection() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::on(&database.url());
    let first = second().replace("Connection: close\r\n", "");
    let both = service.send((first + &second()).as_bytes());
    assert_eq!(statuses(&both), [200, 200], "one after the other");

    let first = "GET http://A/livez HTTP/1.1\r\nHost: a\r\n\r\n".to_owned();
    let both = service.send((first + &second()).as_bytes());
    assert_eq!(
        statuses(&both),
        [200, 200],
        "a target with the same host as Host"
    );

    // The requests are sent concurrently, because some are incomplete and wait for the timeout of the service.
    let outcomes: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = shapes()
            .into_iter()
            .map(|(kind, expected, head, between)| {
                let request = format!("{head}\r\n{between}{}", second());
                let service = &service;
                scope.spawn(move || (kind, expected, statuses(&service.send(request.as_bytes()))))
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });

    let surprises: Vec<_> = outcomes
        .into_iter()
        .filter(|(_, expected, statuses)| *statuses != [*expected])
        .collect();
    assert!(
        surprises.is_empty(),
        "expected one response with this status: {surprises:#?}"
    );
    assert_eq!(statuses(&service.send(second().as_bytes())), [200]);
}
