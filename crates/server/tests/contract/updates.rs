//! Long polling and event streams of a ticket.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use wts_domain::Access;
use wts_testkit::{ALICE, Kind, Records, trace_of};

use crate::{
    served,
    support::{Service, token},
    traces_of,
};

/// The longest time until a client has a new trace.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn news_reach_waiting_requests_and_streams(kind: Kind) {
    let (service, database) = served(kind);
    let (path, alice) = (traces_of("123"), token(ALICE, Access::User));
    let first = service.get(&path, &alice);
    let etag = first.header("etag").unwrap().to_owned();
    let mut events = event_stream(&service, &path, &alice);
    let event = next_event(&mut events);
    assert!(event.contains(&format!("id: {etag}\n")), "{event}");
    assert!(
        event.contains(&format!("data: {}\n", first.body)),
        "{event}"
    );

    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let authorization = format!("Bearer {alice}");
            let headers = [
                ("Authorization", authorization.as_str()),
                ("If-None-Match", &etag),
                ("Prefer", "wait=20"),
            ];
            service.request("GET", &path, &headers)
        });
        thread::sleep(Duration::from_millis(300));
        database.insert(Records {
            traces: vec![trace_of(123, 20, 30_000, "W007", "回访")],
            ..Records::default()
        });
        let committed = Instant::now();
        let event = next_event(&mut events);
        assert!(event.contains("\"opid\":20,"), "{event}");
        let response = waiting.join().unwrap();
        assert!(committed.elapsed() < DELIVERY_TIMEOUT);
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.header("preference-applied"), Some("wait=20"));
        assert_eq!(response.opids().last(), Some(&20));
        assert!(event.contains(&format!("data: {}\n", response.body)));
    });

    service.signal("TERM");
    let end = next_event(&mut events);
    assert_eq!(end, "event: end\ndata: {\"reason\":\"stopping\"}\n");
    let (status, output) = service.ended();
    assert!(status.success(), "{output}");
}

fn event_stream(service: &Service, path: &str, token: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.set_read_timeout(Some(DELIVERY_TIMEOUT)).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: wts\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    BufReader::new(stream)
}

/// Reads the next event, without heartbeats and the framing of chunks.
fn next_event(stream: &mut BufReader<TcpStream>) -> String {
    let mut event = String::new();
    loop {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended");
        if line == "\n" && !event.is_empty() {
            return event;
        }
        if line.starts_with("event: ") || !event.is_empty() && !line.ends_with("\r\n") {
            event += &line;
        }
    }
}
