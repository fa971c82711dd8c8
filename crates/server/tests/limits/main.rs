//! Every wait has an end, and whoever is too many is told so at once.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

mod many;
#[path = "../support/mod.rs"]
mod support;

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, TraceOf, campus};

use crate::support::{Service, get, token};

const TRACES: &str = "/api/v3/get_traces?tid=123";
/// Longer than any limit of these tests needs on a busy machine, and shorter than how long the tests read.
const LONG: Duration = Duration::from_secs(20);
/// More bytes than the system keeps for a client that does not take them.
const ANSWER: usize = 30 * 1_024 * 1_024;

fn request() -> String {
    let alice = token(ALICE, Access::User);
    format!("GET {TRACES} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {alice}\r\n\r\n")
}

/// Reads until the server hangs up, and says how long that took.
fn until_closed(stream: &mut TcpStream) -> (String, Duration) {
    let begun = Instant::now();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    (
        String::from_utf8_lossy(&answer).into_owned(),
        begun.elapsed(),
    )
}

#[test]
fn whoever_does_not_finish_a_request_is_hung_up_on_also_after_a_good_one() {
    let database = Database::with(Kind::Sqlite, campus());
    let service = Service::with(
        &database.url(),
        &[
            ("WTS_HEAD_TIMEOUT", "1s"),
            ("WTS_REQUEST_TIMEOUT", "200ms"),
            ("WTS_KEEP_ALIVE", "1h"),
        ],
    );
    let whole = request();
    let half = &whole[..whole.len() / 2];
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.write_all(half.as_bytes()).unwrap();
    let (answer, waited) = until_closed(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(waited < LONG, "{waited:?}");

    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.write_all(whole.as_bytes()).unwrap();
    let mut beginning = [0; 12];
    stream.read_exact(&mut beginning).unwrap();
    assert_eq!(&beginning, b"HTTP/1.1 200");
    stream.write_all(half.as_bytes()).unwrap();
    let (_, waited) = until_closed(&mut stream);
    assert!(waited < LONG, "{waited:?}");
}

#[test]
fn an_idle_connection_is_closed() {
    let database = Database::with(Kind::Sqlite, campus());
    let service = Service::with(&database.url(), &[("WTS_KEEP_ALIVE", "200ms")]);
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.write_all(request().as_bytes()).unwrap();
    let (answer, waited) = until_closed(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(waited < LONG, "{waited:?}");
}

#[test]
fn whoever_asks_on_and_on_and_takes_no_answer_is_hung_up_on_and_costs_little() {
    let database = Database::with(Kind::Sqlite, campus());
    let mut service = Service::with(
        &database.url(),
        &[
            ("WTS_WRITE_TIMEOUT", "300ms"),
            ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
        ],
    );
    let resident = |service: &mut Service| {
        let metrics = get(service.operations(), "/metrics").body;
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
        line.unwrap().parse::<u64>().unwrap()
    };
    let before = resident(&mut service);
    let many = request().repeat(1_000);
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (address, many) = (service.address(), many.clone());
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                let begun = Instant::now();
                // Until the server has hung up, which a writer learns by an error.
                while stream.write_all(many.as_bytes()).is_ok() {
                    assert!(
                        begun.elapsed() < Duration::from_secs(30),
                        "it never hung up"
                    );
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    let grown = resident(&mut service).saturating_sub(before);
    assert!(grown < 64 * 1_024 * 1_024, "{grown} bytes");
    assert_eq!(service.get(TRACES, &token(ALICE, Access::User)).status, 200);
}

#[test]
fn whoever_takes_an_answer_too_slowly_is_hung_up_on_be_it_in_one_piece_or_not() {
    let mut records = campus();
    let remark = |length| "x".repeat(length);
    // 123 is answered in one piece, 125 while it is taken.
    records
        .traces
        .push(TraceOf::ticket(123, 77, 100_000, "-1", &remark(ANSWER)));
    records.traces.extend(
        (1_000..1_300).map(|opid| TraceOf::ticket(125, opid, opid, "-1", &remark(ANSWER / 300))),
    );
    let database = Database::with(Kind::Sqlite, records);
    let service = Service::with(
        &database.url(),
        &[
            ("WTS_ANSWER_TIMEOUT", "2s"),
            ("WTS_WRITE_TIMEOUT", "1h"),
            ("WTS_REQUEST_TIMEOUT", "1h"),
            ("WTS_DATABASE_TIMEOUT", "1h"),
        ],
    );
    let bearer = token("", Access::Dev);
    for ticket in [123, 125] {
        let mut stream = TcpStream::connect(service.address()).unwrap();
        let request = format!(
            "GET /api/v3/get_traces?tid={ticket} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let (mut taken, mut piece) = (0, vec![0; 64 * 1_024]);
        // It takes something all the time, and would need longer than this test has.
        while let Ok(length @ 1..) = stream.read(&mut piece) {
            taken += length;
            thread::sleep(Duration::from_millis(20));
        }
        assert!(taken < ANSWER, "ticket {ticket} was taken to the end");
    }
    let (_, log) = service.stop("TERM");
    assert!(log.contains("an answer broke off"), "{log}");
}

#[test]
fn what_takes_longer_than_a_request_may_is_answered_with_500() {
    let database = Database::with(Kind::Postgres, campus());
    let service = Service::with(
        &database.url(),
        &[
            ("WTS_REQUEST_TIMEOUT", "300ms"),
            ("WTS_QUEUE_TIMEOUT", "1h"),
            ("WTS_STATEMENT_TIMEOUT", "1h"),
            ("WTS_DATABASE_TIMEOUT", "1h"),
        ],
    );
    let answer = database.while_locked("wts.tickets", || {
        service.get(TRACES, &token(ALICE, Access::User))
    });
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.json(),
        json!({"success": false, "msg": "system met a uncaught error,please view logs.", "errType": 1})
    );
    let (_, log) = service.stop("TERM");
    assert!(log.contains("there was no answer in time"), "{log}");
}
