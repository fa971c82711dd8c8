//! Tests of long polling and event streams, of a ticket and of the feed.

use std::{
    thread,
    time::{Duration, Instant},
};

use wts_domain::Access;
use wts_testkit::{ALICE, Kind, Records, trace_of};

use crate::{
    served,
    support::{Service, events::EventStream, token},
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
    let mut events = open(&service, &path, &alice, None);
    let event = events.next().unwrap();
    assert_eq!((&event.id, &event.data), (&etag, &first.body));

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
        let event = events.next().unwrap();
        assert!(event.data.contains("\"opid\":20,"), "{event:?}");
        let response = waiting.join().unwrap();
        assert!(committed.elapsed() < DELIVERY_TIMEOUT);
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.header("preference-applied"), Some("wait=20"));
        assert_eq!(response.opids().last(), Some(&20));
        assert_eq!(event.data, response.body);
    });

    service.signal("TERM");
    let end = events.next().unwrap();
    assert_eq!(end.kind, "end");
    assert_eq!(end.data, "{\"reason\":\"stopping\"}");
    let (status, output) = service.ended();
    assert!(status.success(), "{output}");
}

pub(crate) fn feed_is_followed_exactly(kind: Kind) {
    let (service, database) = served(kind);
    let dev = token("2022310007", Access::Dev);
    let mut events = open(&service, FEED, &dev, None);
    let mut seen = Vec::new();
    let next = |events: &mut EventStream, seen: &mut Vec<i64>| {
        let event = events.next().unwrap();
        seen.push(event.opid());
        event.id
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

    let mut resumed = open(&service, FEED, &dev, Some(&fourth));
    seen.clear();
    next(&mut resumed, &mut seen);
    next(&mut resumed, &mut seen);
    assert_eq!(seen, [20, 21]);

    let own = format!("{FEED}?tid=125,123&op=W007");
    let mut own = open(&service, &own, &token(ALICE, Access::User), None);
    let denied = own.next().unwrap();
    assert_eq!((&*denied.kind, &*denied.data), ("denied", "[125]"));
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

fn open(service: &Service, path: &str, token: &str, last_id: Option<&str>) -> EventStream {
    EventStream::open(service.address(), path, token, last_id).unwrap()
}
