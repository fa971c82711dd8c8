//! Tests of timeouts, the concurrency limit and the connection limit.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use serde_json::json;
use socket2::{Domain, Socket, Type};
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::support::{Response, Service, get, token, wait_until};

const TRACES: &str = "/api/v3/get_traces?tid=123";

fn request() -> String {
    let alice = token(ALICE, Access::User);
    format!("GET {TRACES} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {alice}\r\n\r\n")
}

fn connect(service: &Service) -> TcpStream {
    let stream = TcpStream::connect(service.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// Sends a request and reads its response, after which the connection is idle.
fn send_and_read(stream: &mut TcpStream) {
    stream.write_all(request().as_bytes()).unwrap();
    let mut beginning = [0; 12];
    stream.read_exact(&mut beginning).unwrap();
    assert_eq!(&beginning, b"HTTP/1.1 200");
}

/// Reads until the server closes the connection.
fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut response = Vec::new();
    if let Err(error) = stream.read_to_end(&mut response) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    response
}

/// Sends an incomplete request, and waits until the service has read it.
fn send_half_a_request(service: &Service) -> TcpStream {
    let mut stream = connect(service);
    let whole = request();
    let half = whole.split_at(whole.len() / 2).0;
    stream.write_all(half.as_bytes()).unwrap();
    // The list of connections in /proc contains the number of bytes that the service has not read.
    let hex = |address: SocketAddr| format!("0100007F:{:04X}", address.port());
    let (server, client) = (service.address(), stream.local_addr().unwrap());
    let ends = format!("{} {} 01 ", hex(server), hex(client));
    wait_until("half a request is read", || {
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let row = table
            .lines()
            .find_map(|line| Some(line.split_once(&ends)?.1.to_owned()));
        row.is_some_and(|row| row.starts_with("00000000:00000000 "))
    });
    stream
}

fn assert_busy(response: &Response) {
    assert_eq!(response.status, 503);
    assert_eq!(response.header("retry-after"), Some("1"));
    assert_eq!(
        response.json(),
        json!({"success": false, "msg": "the service is overloaded, retry later", "errType": 1})
    );
}

#[test]
fn idle_connection_is_closed() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::with(&database.url(), &[("WTS_KEEP_ALIVE", "200ms")]);
    let mut stream = connect(&service);
    send_and_read(&mut stream);
    read_to_end(&mut stream);
}

#[test]
fn client_that_never_reads_costs_little_memory() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let mut service = Service::with(&database.url(), &[("WTS_METRICS_LISTEN", "127.0.0.1:0")]);
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
            let (mut stream, many) = (connect(&service), many.clone());
            stream
                .set_write_timeout(Some(Duration::from_secs(1)))
                .unwrap();
            thread::spawn(move || {
                // The loop ends when the service stops reading, because its output is blocked.
                while stream.write_all(many.as_bytes()).is_ok() {}
                stream
            })
        })
        .collect();
    let clients: Vec<_> = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .collect();
    let grown = resident(&mut service).saturating_sub(before);
    assert!(grown < 64 * 1_024 * 1_024, "{grown} bytes");
    assert_eq!(service.get(TRACES, &token(ALICE, Access::User)).status, 200);
    drop(clients);
}

#[test]
fn request_over_its_timeout_gets_500() {
    let database = Database::with(Kind::Postgres, sample_records());
    let service = Service::with(
        &database.url(),
        &[
            ("WTS_REQUEST_TIMEOUT", "300ms"),
            ("WTS_STATEMENT_TIMEOUT", "1h"),
        ],
    );
    let response = database.while_locked("wts.tickets", || {
        service.get(TRACES, &token(ALICE, Access::User))
    });
    assert_eq!(response.status, 500);
    assert_eq!(
        response.json(),
        json!({"success": false, "msg": "system met a uncaught error,please view logs.", "errType": 1})
    );
    let (_, log) = service.stop("TERM");
    assert!(log.contains("the handler did not respond in time"), "{log}");
}

#[test]
fn request_beyond_the_in_flight_limit_gets_503() {
    let database = Database::with(Kind::Postgres, sample_records());
    let mut service = Service::with(
        &database.url(),
        &[
            ("WTS_MAX_IN_FLIGHT", "1"),
            ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
        ],
    );
    let operations = service.operations();
    let alice = token(ALICE, Access::User);
    database.while_locked("wts.tickets", || {
        thread::scope(|scope| {
            scope.spawn(|| service.get(TRACES, &alice));
            wait_until("a request is in flight", || {
                get(operations, "/metrics").body.contains("in_flight 1")
            });

            let response = service.get(TRACES, &alice);

            assert_busy(&response);
            assert_eq!(service.request("GET", "/livez", &[]).status, 200);
        });
    });
    assert_eq!(
        service.get(TRACES, &alice).status,
        200,
        "there is room again"
    );
    let metrics = get(operations, "/metrics").body;
    assert!(
        metrics.contains("wts_http_requests_shed_total{reason=\"in_flight_limit\"} 1"),
        "{metrics}"
    );
}

#[test]
fn connection_beyond_the_limit_gets_503_and_is_closed() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::with(&database.url(), &[("WTS_MAX_CONNECTIONS", "1")]);
    let begun = send_half_a_request(&service);

    for _ in 0..3 {
        let mut other = connect(&service);
        other.write_all(request().as_bytes()).unwrap();
        let response = Response::parse(&read_to_end(&mut other));
        assert_busy(&response);
        assert_eq!(response.header("connection"), Some("close"));
        assert!(response.header("x-request-id").is_some());
    }
    drop(begun);
    wait_until("there is room again", || {
        service.get(TRACES, &token(ALICE, Access::User)).status == 200
    });
}

#[test]
fn longest_idle_connection_is_evicted_for_a_new_one() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::with(
        &database.url(),
        &[
            ("WTS_MAX_CONNECTIONS", "8"),
            ("WTS_KEEP_ALIVE", "1h"),
            ("WTS_TRUSTED_PROXIES", "127.0.0.1"),
        ],
    );
    let mut idle: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = connect(&service);
            send_and_read(&mut stream);
            // The pause ensures that connections of different threads become idle one after the other.
            thread::sleep(Duration::from_millis(20));
            stream
        })
        .collect();

    let response = service.get(TRACES, &token(ALICE, Access::User));
    assert_eq!(response.status, 200);
    read_to_end(&mut idle[0]);
    idle[7].write_all(request().as_bytes()).unwrap();
    idle[7].read_exact(&mut [0; 12]).unwrap();
}

#[test]
fn one_address_gets_half_of_the_connections() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::with(&database.url(), &[("WTS_MAX_CONNECTIONS", "4")]);
    let _begun = [send_half_a_request(&service), send_half_a_request(&service)];

    assert_busy(&service.get(TRACES, &token(ALICE, Access::User)));
    let mut elsewhere = connect_from([127, 0, 0, 2], service.address());
    send_and_read(&mut elsewhere);
}

fn connect_from(source: [u8; 4], address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((source, 0)).into()).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

#[test]
fn service_uses_no_transparent_huge_pages() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::on(&database.url());
    let status = fs::read_to_string(format!("/proc/{}/status", service.process())).unwrap();
    // Kernels before 5.0 do not report it.
    let enabled = status.lines().find(|line| line.starts_with("THP_enabled:"));
    assert!(enabled.is_none_or(|line| line.ends_with('0')), "{status}");
}
