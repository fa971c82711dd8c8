//! Tests of long polling and event streams, of a ticket and of the feed.

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

const FEED: &str = "/api/v3/traces";
/// The timeout until a client gets a new trace.
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

pub(crate) fn feed_is_followed_exactly(kind: Kind) {
    let (service, database) = served(kind);
    let dev = token("2022310007", Access::Dev);
    let mut events = event_stream(&service, FEED, &dev);
    let mut seen = Vec::new();
    let mut last_id = String::new();
    let mut next = |events: &mut BufReader<TcpStream>, seen: &mut Vec<i64>| {
        let event = next_event(events);
        let id = event.lines().find_map(|line| line.strip_prefix("id: "));
        let data = event.lines().find_map(|line| line.strip_prefix("data: "));
        let trace: serde_json::Value = serde_json::from_str(data.unwrap()).unwrap();
        seen.push(trace["opid"].as_i64().unwrap());
        id.unwrap().clone_into(&mut last_id);
        last_id.clone()
    };
    for _ in 0..4 {
        next(&mut events, &mut seen);
    }
    let fourth = next(&mut events, &mut seen);
    assert_eq!(seen, [1, 2, 3, 5, 9]);

    let page = service.get(&format!("{FEED}?cursor=end"), &dev).json();
    let end = page["next_cursor"].as_str().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let authorization = format!("Bearer {dev}");
            let headers = [
                ("Authorization", authorization.as_str()),
                ("Prefer", "wait=20"),
            ];
            service.request("GET", &format!("{FEED}?cursor={end}&op=W007"), &headers)
        });
        thread::sleep(Duration::from_millis(300));
        let insert = |id, op| {
            database.insert(Records {
                traces: vec![trace_of(123, id, 30_000, op, "回访")],
                ..Records::default()
            });
        };
        insert(20, "-1");
        next(&mut events, &mut seen);
        assert!(!waiting.is_finished(), "the trace does not match");
        insert(21, "W007");
        next(&mut events, &mut seen);
        let response = waiting.join().unwrap();
        assert_eq!(response.opids(), [21]);
        assert_eq!(response.header("preference-applied"), Some("wait=20"));
    });
    assert_eq!(seen, [1, 2, 3, 5, 9, 20, 21]);

    let headers = format!("Last-Event-ID: {fourth}\r\n");
    let mut resumed = event_stream_with(&service, FEED, &dev, &headers);
    seen.clear();
    next(&mut resumed, &mut seen);
    next(&mut resumed, &mut seen);
    assert_eq!(seen, [20, 21]);

    let own = format!("{FEED}?tid=125,123&op=W007");
    let mut own = event_stream(&service, &own, &token(ALICE, Access::User));
    assert_eq!(next_event(&mut own), "event: denied\ndata: [125]\n");
    seen.clear();
    next(&mut own, &mut seen);
    next(&mut own, &mut seen);
    assert_eq!(seen, [3, 21]);
    let descending = format!("{FEED}?order=desc");
    let authorization = format!("Bearer {dev}");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Accept", "text/event-stream"),
    ];
    assert_eq!(service.request("GET", &descending, &headers).status, 400);
}

fn event_stream(service: &Service, path: &str, token: &str) -> BufReader<TcpStream> {
    event_stream_with(service, path, token, "")
}

/// Opens a stream with additional header lines.
fn event_stream_with(
    service: &Service,
    path: &str,
    token: &str,
    headers: &str,
) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.set_read_timeout(Some(DELIVERY_TIMEOUT)).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: wts\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    BufReader::new(stream)
}

/// Reads the next event. Heartbeats and the framing of chunks are skipped.
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
