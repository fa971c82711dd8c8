//! Every wait has an end, and whoever is too many is told so at once.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

mod support;

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Mutex, mpsc::channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use socket2::{Domain, Socket, Type};
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, TraceOf, campus};

use crate::support::{Answer, Service, get, token};

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
    let answer = while_tickets_are_locked(&database, || {
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

#[test]
fn one_request_too_many_is_turned_away_at_once_and_others_are_not() {
    let database = Database::with(Kind::Postgres, campus());
    let mut service = Service::with(
        &database.url(),
        &[
            ("WTS_MAX_IN_FLIGHT", "1"),
            ("WTS_QUEUE_TIMEOUT", "1h"),
            ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
        ],
    );
    let operations = service.operations();
    let alice = token(ALICE, Access::User);
    while_tickets_are_locked(&database, || {
        thread::scope(|scope| {
            scope.spawn(|| service.get(TRACES, &alice));
            wait_for(|| get(operations, "/metrics").body.contains("in_flight 1"));

            let answer = service.get(TRACES, &alice);

            assert_busy(&answer);
            assert_eq!(service.ask("GET", "/livez", &[]).status, 200);
        });
    });
    assert_eq!(
        service.get(TRACES, &alice).status,
        200,
        "there is room again"
    );
    let metrics = get(operations, "/metrics").body;
    assert!(
        metrics.contains("wts_http_shed_total{reason=\"in flight\"} 1"),
        "{metrics}"
    );
}

#[test]
fn one_read_too_many_for_the_database_is_turned_away_at_once() {
    let database = Database::with(Kind::Postgres, campus());
    let mut service = Service::with(
        &database.url(),
        &[
            ("WTS_DATABASE_CONNECTIONS", "1"),
            ("WTS_QUEUE", "1"),
            ("WTS_QUEUE_TIMEOUT", "1h"),
            ("WTS_REQUEST_TIMEOUT", "1h"),
            ("WTS_STATEMENT_TIMEOUT", "1h"),
            ("WTS_DATABASE_TIMEOUT", "1h"),
            ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
        ],
    );
    let operations = service.operations();
    let staff = token("", Access::Dev);
    let (answer, answers) = channel();
    let answers = Mutex::new(answers);
    thread::scope(|scope| {
        let ask = |ticket| {
            let (answer, service, staff) = (answer.clone(), &service, &staff);
            let path = format!("/api/v3/get_traces?tid={ticket}");
            scope.spawn(move || answer.send(service.get(&path, staff)));
        };
        // One is read, one may wait.
        while_tickets_are_locked(&database, || {
            ask(123);
            wait_for(|| get(operations, "/metrics").body.contains("in_flight 1"));
            ask(124);
            ask(125);
            assert_busy(&answers.lock().unwrap().recv_timeout(LONG).unwrap());
        });
    });
    drop(answer);
    let others: Vec<_> = answers
        .into_inner()
        .unwrap()
        .iter()
        .map(|answer| answer.status)
        .collect();
    assert_eq!(others, [200, 200]);
    let metrics = get(operations, "/metrics").body;
    assert!(
        metrics.contains("wts_http_shed_total{reason=\"queue\"} 1"),
        "{metrics}"
    );
}

#[test]
fn one_connection_too_many_is_told_so_and_closed() {
    let database = Database::with(Kind::Sqlite, campus());
    let service = Service::with(
        &database.url(),
        &[("WTS_MAX_CONNECTIONS", "1"), ("WTS_HEAD_TIMEOUT", "1h")],
    );
    let begun = begin_a_request(&service);

    for _ in 0..3 {
        let mut other = TcpStream::connect(service.address()).unwrap();
        other.write_all(request().as_bytes()).unwrap();
        let (answer, waited) = until_closed(&mut other);

        let answer = Answer::parse(answer.as_bytes());
        assert_busy(&answer);
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(answer.header("x-request-id").is_some());
        assert!(waited < LONG, "{waited:?}");
    }
    drop(begun);
    wait_for(|| service.get(TRACES, &token(ALICE, Access::User)).status == 200);
}

#[test]
fn connections_that_wait_for_a_request_make_room_for_who_has_one() {
    let database = Database::with(Kind::Sqlite, campus());
    let service = Service::with(
        &database.url(),
        &[
            ("WTS_MAX_CONNECTIONS", "8"),
            ("WTS_KEEP_ALIVE", "1h"),
            ("WTS_HEAD_TIMEOUT", "1h"),
            ("WTS_TRUSTED_PROXIES", "127.0.0.1"),
        ],
    );
    let mut idle: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(service.address()).unwrap();
            stream.write_all(request().as_bytes()).unwrap();
            let mut beginning = [0; 12];
            stream.read_exact(&mut beginning).unwrap();
            assert_eq!(&beginning, b"HTTP/1.1 200");
            thread::sleep(Duration::from_millis(20));
            stream
        })
        .collect();

    let answer = service.get(TRACES, &token(ALICE, Access::User));
    assert_eq!(answer.status, 200);
    let (_, waited) = until_closed(&mut idle[0]);
    assert!(waited < LONG, "the first had been idle for longest");
    idle[7].write_all(request().as_bytes()).unwrap();
    idle[7].read_exact(&mut [0; 12]).unwrap();
}

#[test]
fn one_address_has_half_of_the_places_and_others_the_rest() {
    let database = Database::with(Kind::Sqlite, campus());
    let service = Service::with(
        &database.url(),
        &[("WTS_MAX_CONNECTIONS", "4"), ("WTS_HEAD_TIMEOUT", "1h")],
    );
    let _begun = [begin_a_request(&service), begin_a_request(&service)];

    assert_busy(&service.get(TRACES, &token(ALICE, Access::User)));
    let (address, request) = (service.address(), request());
    let mut elsewhere = connect_from([127, 0, 0, 2], address);
    elsewhere.write_all(request.as_bytes()).unwrap();
    let mut beginning = [0; 12];
    elsewhere.read_exact(&mut beginning).unwrap();
    assert_eq!(&beginning, b"HTTP/1.1 200");
}

fn connect_from(source: [u8; 4], address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((source, 0)).into()).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

/// A connection on which a request has begun and does not end.
fn begin_a_request(service: &Service) -> TcpStream {
    let mut stream = TcpStream::connect(service.address()).unwrap();
    let whole = request();
    stream
        .write_all(whole.split_at(whole.len() / 2).0.as_bytes())
        .unwrap();
    // Until the service has certainly read it.
    thread::sleep(Duration::from_secs(1));
    stream
}

fn assert_busy(answer: &Answer) {
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(
        answer.json(),
        json!({"success": false, "msg": "too much to do, ask again in a moment", "errType": 1})
    );
}

fn wait_for(mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "it never came true"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// Does something while no ticket can be read.
fn while_tickets_are_locked<T: Send>(database: &Database, work: impl FnOnce() -> T + Send) -> T {
    database.while_locked("wts.tickets", work)
}
