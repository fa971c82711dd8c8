//! Requests that two who read them could take for different ones.
//!
//! Each is followed by a second request on the same connection, one that would be answered 200. Whatever becomes of the
//! first, nobody but the one who ends it in the same place may read the second: either the first is refused, or its end
//! is beyond doubt; and then the connection is closed.

mod support;

use std::thread;

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, campus};

use crate::support::{Service, token};

/// The second request, which looks like part of the first to some.
fn second() -> String {
    format!(
        "GET /api/v3/get_traces?tid=123 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        token(ALICE, Access::User)
    )
}

fn statuses(answer: &[u8]) -> Vec<u16> {
    String::from_utf8_lossy(answer)
        .split("HTTP/1.1 ")
        .skip(1)
        .filter_map(|answer| answer.get(..3)?.parse().ok())
        .collect()
}

/// Header lines, without the last empty one, and what stands between the head and the second request.
fn shapes() -> Vec<(&'static str, String, &'static str)> {
    let get = |lines: &str| format!("GET /livez HTTP/1.1\r\nHost: a\r\n{lines}");
    let post = |lines: &str| format!("POST /livez HTTP/1.1\r\nHost: a\r\n{lines}");
    vec![
        ("both lengths", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        ("both lengths the other way round", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "0\r\n\r\n"),
        ("two lengths", post("Content-Length: 0\r\nContent-Length: 5\r\n"), "hello"),
        ("two equal lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n"), "hello"),
        ("a list of lengths", post("Content-Length: 5, 5\r\n"), "hello"),
        ("a signed length", post("Content-Length: +5\r\n"), "hello"),
        ("a negative length", post("Content-Length: -1\r\n"), ""),
        ("a hexadecimal length", post("Content-Length: 0x5\r\n"), "hello"),
        ("a length that wraps", post("Content-Length: 18446744073709551621\r\n"), "hello"),
        ("no length", post("Content-Length:\r\n"), ""),
        ("a length with a space in it", post("Content-Length: 0 5\r\n"), "hello"),
        ("a length before a space", post("Content-Length : 5\r\n"), "hello"),
        ("a length with an underscore", post("Content_Length: 5\r\n"), ""),
        ("an encoding with an underscore", post("Transfer_Encoding: chunked\r\n"), ""),
        ("a folded length", post("X: y\r\n Content-Length: 5\r\n"), ""),
        ("a folded encoding", post("Transfer-Encoding:\r\n chunked\r\n"), "0\r\n\r\n"),
        ("two encodings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), "0\r\n\r\n"),
        ("a list of encodings", post("Transfer-Encoding: gzip, chunked\r\n"), "0\r\n\r\n"),
        ("chunked twice", post("Transfer-Encoding: chunked, chunked\r\n"), "0\r\n\r\n"),
        ("an unknown encoding", post("Transfer-Encoding: xchunked\r\n"), "0\r\n\r\n"),
        ("identity", post("Transfer-Encoding: identity\r\n"), ""),
        ("an encoding in quotes", post("Transfer-Encoding: \"chunked\"\r\n"), "0\r\n\r\n"),
        ("an encoding behind a vertical tab", post("Transfer-Encoding: \x0bchunked\r\n"), "0\r\n\r\n"),
        ("an encoding behind a name with a space", post("Transfer-Encoding : chunked\r\n"), "0\r\n\r\n"),
        ("an encoding behind a carriage return", post("X: y\rTransfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        ("an encoding behind a line feed", post("X: y\nTransfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        ("chunks in HTTP/1.0", "POST /livez HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n".to_owned(), "0\r\n\r\n"),
        ("a chunk of a bad length", post("Transfer-Encoding: chunked\r\n"), "-1\r\n\r\n"),
        ("a chunk of a length that wraps", post("Transfer-Encoding: chunked\r\n"), "10000000000000000\r\n\r\n"),
        ("a chunk with 0x", post("Transfer-Encoding: chunked\r\n"), "0x0\r\n\r\n"),
        ("a chunk that does not end where it says", post("Transfer-Encoding: chunked\r\n"), "1\r\nabc\r\n0\r\n\r\n"),
        ("a line feed for the end of a chunk's length", post("Transfer-Encoding: chunked\r\n"), "0\n\r\n"),
        ("a line feed in a chunk's extension", post("Transfer-Encoding: chunked\r\n"), "0;a\nb\r\n\r\n"),
        ("a trailer that frames", post("Transfer-Encoding: chunked\r\n"), "0\r\nContent-Length: 5\r\n\r\n"),
        ("a body that GET has", get("Content-Length: 5\r\n"), "hello"),
        ("chunks that GET has", get("Transfer-Encoding: chunked\r\n"), "0\r\n\r\n"),
        ("a body that nobody reads", post("Content-Length: 5\r\n"), "hello"),
        ("a large body", post("Content-Length: 1000000000\r\n"), ""),
        ("a switch to HTTP/2", get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"), ""),
        ("a switch to a WebSocket", get("Connection: Upgrade\r\nUpgrade: websocket\r\n"), ""),
        ("a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n".to_owned(), ""),
        ("no host", "GET /livez HTTP/1.1\r\nX: y\r\n".to_owned(), ""),
        ("two hosts", get("Host: b\r\n"), ""),
        ("a host with a space", "GET /livez HTTP/1.1\r\nHost: a b\r\n".to_owned(), ""),
        ("a host with a user and a path", "GET /livez HTTP/1.1\r\nHost: a b@c/d\r\n".to_owned(), ""),
        ("a host list", "GET /livez HTTP/1.1\r\nHost: a, b\r\n".to_owned(), ""),
        ("a zero in a field", get("X: a\0b\r\n"), ""),
        ("a field without a name", get(": y\r\n"), ""),
        ("a field without a colon", get("X\r\n"), ""),
        ("a name with a space", get("X y: z\r\n"), ""),
        ("a tab in the request line", "GET\t/livez\tHTTP/1.1\r\nHost: a\r\n".to_owned(), ""),
        ("another version", "GET /livez HTTP/1.2\r\nHost: a\r\n".to_owned(), ""),
        ("an old version", "GET /livez HTTP/0.9\r\nHost: a\r\n".to_owned(), ""),
        ("no version", "GET /livez\r\nHost: a\r\n".to_owned(), ""),
    ]
}

#[test]
fn a_request_that_two_could_read_differently_is_the_last_on_its_connection() {
    let database = Database::with(Kind::Sqlite, campus());
    let service = Service::on(&database.url());
    let first = second().replace("Connection: close\r\n", "");
    let both = service.send((first + &second()).as_bytes());
    assert_eq!(statuses(&both), [200, 200], "one after the other");

    // At once, because some wait in vain for more of a request until the service has had enough.
    let outcomes: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = shapes()
            .into_iter()
            .map(|(kind, head, between)| {
                let request = format!("{head}\r\n{between}{}", second());
                let service = &service;
                scope.spawn(move || (kind, statuses(&service.send(request.as_bytes()))))
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });

    let surprises: Vec<_> = outcomes
        .into_iter()
        .filter(|(_, statuses)| statuses.len() != 1 || statuses.contains(&500))
        .collect();
    assert!(surprises.is_empty(), "one answer each: {surprises:#?}");
    assert_eq!(statuses(&service.send(second().as_bytes())), [200]);
}
