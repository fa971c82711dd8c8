//! Whoever is one too many.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Mutex, mpsc::channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use socket2::{Domain, Socket, Type};
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, campus};

use crate::{
    LONG, TRACES, request,
    support::{Answer, Service, get, token},
    until_closed,
};

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
    database.while_locked("wts.tickets", || {
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
        database.while_locked("wts.tickets", || {
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
