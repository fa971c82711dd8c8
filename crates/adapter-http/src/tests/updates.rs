//! Tests of long polling and event streams of a ticket.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    num::NonZeroUsize,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Instant,
};

use tokio::task::spawn_blocking;
use wts_app::{
    FeedPosition, FoundHistory, MockFeedRepository, MockHistoryRepository, MockWatchRepository,
    News, RepositoryError, TracePage,
};

use super::*;
use crate::HttpSettings;

/// The history that the mocks return, which a test can replace; `None` if the ticket does not exist.
type SharedHistory = Arc<Mutex<Option<Arc<TicketHistory>>>>;

/// Starts a server with one ticket, filed by Alice. The test can change the ticket.
fn app(settings: HttpSettings) -> (App, SharedHistory) {
    let (app, ticket, _) = app_with_switch(settings);
    (app, ticket)
}

/// Starts a server with one ticket of Alice, and a switch that makes all reads fail.
fn app_with_switch(settings: HttpSettings) -> (App, SharedHistory, Arc<AtomicBool>) {
    let ticket: SharedHistory = Arc::new(Mutex::new(Some(history_of(ALICE))));
    let is_away = Arc::new(AtomicBool::new(false));
    let (current, away) = (Arc::clone(&ticket), Arc::clone(&is_away));
    let find = move || {
        if away.load(SeqCst) {
            return Err(RepositoryError::Failed("away".into()));
        }
        Ok(FoundHistory {
            history: current.lock().unwrap().clone(),
            rank: None,
        })
    };
    let mut watch = MockWatchRepository::new();
    let find_news = find.clone();
    watch.expect_read_news().returning(move |after| {
        let history = find_news()?.history;
        let traces = history.map(|history| history.traces.clone());
        let mut settled = traces.unwrap_or_default();
        let last = settled.last().map(|trace| trace.id);
        settled.retain(|trace| after.is_some_and(|after| trace.id > after));
        Ok(News {
            settled,
            next: last.or(after),
            ..News::default()
        })
    });
    let find_all = find.clone();
    watch
        .expect_find_all()
        .returning(move |queries| queries.iter().map(|_| find_all().map(Some)).collect());
    let mut histories = MockHistoryRepository::new();
    histories.expect_find().returning(move |_| find());
    let mut feed = MockFeedRepository::new();
    feed.expect_read_page().returning(|_| {
        Ok(TracePage {
            traces: Vec::new(),
            next: FeedPosition::After(TraceId::new(1)),
            has_more: false,
            settled: None,
        })
    });
    let app = App::start(settings, histories, feed, watch);
    (app, ticket, is_away)
}

/// Adds a trace to the ticket.
fn add_trace(ticket: &SharedHistory) {
    let mut ticket = ticket.lock().unwrap();
    let history = ticket.clone().unwrap();
    let mut traces = history.traces.clone();
    let mut trace = traces[0].clone();
    trace.id = TraceId::new(i64::try_from(traces.len()).unwrap() + 1);
    trace.new_status = Some(Status::Solved);
    traces.push(trace);
    *ticket = Some(Arc::new(TicketHistory::new(history.issuer.clone(), traces)));
}

fn etag_of(response: &str) -> &str {
    let line = response.lines().find(|line| line.starts_with("etag: "));
    line.unwrap().strip_prefix("etag: ").unwrap()
}

fn header<'r>(response: &'r str, name: &str) -> Option<&'r str> {
    let (head, _) = response.split_once("\r\n\r\n").unwrap();
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        (key == name).then_some(value)
    })
}

/// Sends a `GET` request with `fields` as headers. Returns the response and its duration.
async fn get(app: &App, fields: &[&str]) -> (String, Duration) {
    let authorization = format!("Authorization: Bearer {}", token(ALICE, Access::User));
    let mut all = vec![authorization.as_str()];
    all.extend(fields);
    let begun = Instant::now();
    let response = app.request("GET", PATH, &all).await;
    (response, begun.elapsed())
}

/// An event stream that a test reads.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(app: &App, token: &str, fields: &str) -> Self {
        Self::open_path(app, PATH, token, fields)
    }

    fn open_path(app: &App, path: &str, token: &str, fields: &str) -> Self {
        let mut client = TcpStream::connect(app.address).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: wts\r\nAuthorization: Bearer {token}\r\n\
             Accept: text/event-stream\r\n{fields}\r\n"
        );
        client.write_all(request.as_bytes()).unwrap();
        Self(BufReader::new(client))
    }

    /// Reads lines up to an empty line. The framing of chunks is skipped.
    fn block(&mut self) -> String {
        let mut block = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return block;
            }
            // A line break before or after a chunk, or the length of one.
            let is_framing = line.ends_with("\r\n") && line.len() < 8;
            if line == "\n" && !block.is_empty() || line == "\r\n" && block.starts_with("HTTP/") {
                return block;
            }
            if !is_framing && line != "\n" {
                block.push_str(&line);
            }
        }
    }
}

/// Opens an event stream as Alice. Returns the stream and the response head.
fn stream(app: &App, fields: &str) -> (Stream, String) {
    let mut stream = Stream::open(app, &token(ALICE, Access::User), fields);
    let head = stream.block();
    (stream, head)
}

#[tokio::test]
async fn long_poll_gets_304_after_its_time_or_news_at_once() {
    let (app, ticket) = app(HttpSettings::default());
    let (first, _) = get(&app, &[]).await;
    let condition = format!("If-None-Match: {}", etag_of(&first));

    let (unchanged, took) = get(&app, &[&condition, "Prefer: wait=1"]).await;
    assert!(unchanged.starts_with("HTTP/1.1 304 "), "{unchanged}");
    assert_eq!(header(&unchanged, "preference-applied"), Some("wait=1"));
    assert!(took >= Duration::from_secs(1), "{took:?}");

    let news = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(app.metrics.waiting.get(), 1);
        add_trace(&ticket);
    };
    let fields = [&*condition, "Prefer: wait=60"];
    let poll = get(&app, &fields);
    let ((changed, took), ()) = tokio::join!(poll, news);
    assert!(changed.starts_with("HTTP/1.1 200 "), "{changed}");
    assert!(changed.contains(r#""opid":2"#), "{changed}");
    assert_eq!(header(&changed, "preference-applied"), Some("wait=45"));
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(app.metrics.long_lived(), 0);

    let (at_once, took) = get(&app, &[&condition, "Prefer: wait=10"]).await;
    assert!(at_once.starts_with("HTTP/1.1 200 "), "{at_once}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn request_that_cannot_wait_is_answered_at_once() {
    let (app, _) = app(HttpSettings::default());
    let (first, _) = get(&app, &[]).await;
    let condition = format!("If-None-Match: {}", etag_of(&first));
    for fields in [
        vec!["Prefer: wait=30"],
        vec![&condition, "Prefer: wait=0"],
        vec![&condition, "Prefer: wait=x"],
        vec!["If-None-Match: *", "Prefer: wait=30"],
    ] {
        let (response, took) = get(&app, &fields).await;
        assert_eq!(header(&response, "preference-applied"), None, "{fields:?}");
        assert!(took < Duration::from_secs(10), "{fields:?}");
    }
    let alice = format!("Authorization: Bearer {}", token(ALICE, Access::User));
    let fields = [&*alice, &condition, "Prefer: wait=30"];
    let head = app.request("HEAD", PATH, &fields).await;
    assert!(head.starts_with("HTTP/1.1 304 "), "{head}");
    let head = app
        .request("HEAD", PATH, &[&alice, "Accept: text/event-stream"])
        .await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(header(&head, "content-type"), Some("text/event-stream"));
}

#[tokio::test]
async fn long_poll_is_rejected_when_access_ends() {
    let (app, ticket) = app(HttpSettings::default());
    let (first, _) = get(&app, &[]).await;
    let condition = format!("If-None-Match: {}", etag_of(&first));
    let deletion = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        *ticket.lock().unwrap() = None;
    };
    let fields = [&*condition, "Prefer: wait=2"];
    let poll = get(&app, &fields);
    let ((response, _), ()) = tokio::join!(poll, deletion);
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    assert!(response.ends_with(r#""errType":5}"#), "{response}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_begins_with_the_history_and_sends_each_change() {
    let (app, ticket) = app(HttpSettings::default());
    let (plain, _) = get(&app, &[]).await;
    let etag = etag_of(&plain).to_owned();
    let (_, body) = plain.split_once("\r\n\r\n").unwrap();
    let event = format!("event: traces\nid: {etag}\ndata: {body}\n");

    let (mut events, head) = stream(&app, "");
    for line in [
        "HTTP/1.1 200 OK\r\n",
        "content-type: text/event-stream\r\n",
        "cache-control: no-store\r\n",
        "x-accel-buffering: no\r\n",
        "transfer-encoding: chunked\r\n",
    ] {
        assert!(head.contains(line), "{head}");
    }
    let (mut resumed, _) = stream(&app, &format!("Last-Event-ID: {etag}\r\n"));
    spawn_blocking(move || {
        let retry = events.block();
        let retry = retry.strip_prefix("retry: ").unwrap().trim_end();
        assert!((1_000..=5_000).contains(&retry.parse().unwrap()), "{retry}");
        assert_eq!(events.block(), event);
        assert!(resumed.block().starts_with("retry: "));

        add_trace(&ticket);
        for stream in [&mut events, &mut resumed] {
            let changed = stream.block();
            assert!(changed.starts_with("event: traces\nid: W/"), "{changed}");
            assert!(changed.contains(r#""opid":2"#), "{changed}");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_ends_with_a_reason() {
    let (app, ticket) = app(HttpSettings::default());
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let short = token_until(now - 27);
    let (mut first, _) = stream(&app, "");
    let mut expiring = Stream::open(&app, &short, "");
    let others: Vec<_> = (0..14).map(|_| stream(&app, "")).collect();
    assert!(expiring.block().starts_with("HTTP/1.1 200 "));

    let (_seventeenth, _) = stream(&app, "");
    let first = spawn_blocking(move || end_of(&mut first));
    assert_eq!(first.await.unwrap(), "replaced");
    let expiring = spawn_blocking(move || end_of(&mut expiring));
    assert_eq!(expiring.await.unwrap(), "expired");

    let report = app.shut_down();
    let others = spawn_blocking(move || {
        for (mut stream, _) in others {
            assert_eq!(end_of(&mut stream), "stopping");
        }
    });
    let (report, others) = tokio::join!(report, others);
    others.unwrap();
    assert_eq!(report.aborted_requests, 0);
    drop(ticket);
}

fn token_until(exp: u64) -> String {
    let subject = TokenSubject {
        openid: String::new(),
        sid: ALICE.to_owned(),
        username: String::new(),
        avatar: String::new(),
        access: Access::User,
        name: String::new(),
    };
    let signer = TokenSigner::new(&secret(), TokenSettings::default());
    signer.sign(&subject, 0, Duration::from_secs(exp)).unwrap()
}

/// Reads a stream to its end, and returns the reason in its last event.
fn end_of(stream: &mut Stream) -> String {
    let mut last = String::new();
    loop {
        let block = stream.block();
        if block.starts_with("event: end\n") {
            last = block;
            break;
        }
        assert!(
            !block.is_empty(),
            "the stream ended without an event: {last}"
        );
        last = block;
    }
    let (_, reason) = last.split_once(r#"{"reason":""#).unwrap();
    reason.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_before_a_stream_are_json() {
    let (app, _) = app(HttpSettings {
        max_long_lived: NonZeroUsize::new(1),
        ..HttpSettings::default()
    });
    let mallory = token("2024310666", Access::User);
    let (_open, _) = stream(&app, "");
    let chief = format!(
        "Authorization: Bearer {}",
        token("2024310777", Access::Chief)
    );
    let mallory = format!("Authorization: Bearer {mallory}");
    let accept = "Accept: text/event-stream";
    for (path, fields, status) in [
        (PATH, vec![accept], "401"),
        (PATH, vec![accept, &mallory], "403"),
        (PATH, vec![accept, &chief], "503"),
        (
            "/api/v3/get_traces?tid=123&as_of=2025-12-06T10:00:00Z",
            vec![accept, &chief],
            "400",
        ),
        ("/api/v3/get_traces?tid=0", vec![accept, &chief], "400"),
    ] {
        let response = app.request("GET", path, &fields).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{response}"
        );
        let json = "application/json; charset=utf-8";
        assert_eq!(header(&response, "content-type"), Some(json), "{response}");
        assert_eq!(header(&response, "retry-after").is_some(), status == "503");
    }
    let csv = "/api/v3/get_traces?tid=123&format=csv";
    let response = app.request("GET", csv, &[accept, &chief]).await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_database_does_not_end_a_stream() {
    let (app, ticket, is_away) = app_with_switch(HttpSettings::default());
    let (mut events, _) = stream(&app, "");
    spawn_blocking(move || {
        assert!(events.block().starts_with("retry: "));
        assert!(events.block().starts_with("event: traces\n"));
        is_away.store(true, SeqCst);
        add_trace(&ticket);
        std::thread::sleep(Duration::from_millis(1_500));
        is_away.store(false, SeqCst);
        let event = events.block();
        assert!(event.contains(r#""opid":2"#), "{event}");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn watcher_stops_without_subscriptions() {
    let (app, _) = app(HttpSettings::default());
    let (stream, _) = stream(&app, "");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(app.metrics.streaming.get(), 1);
    drop(stream);
    // The server notices at the next heartbeat at the latest that the client has disconnected.
    let begun = Instant::now();
    while app.metrics.streaming.get() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let reads = app.metrics.watcher_reads.get();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(app.metrics.watcher_reads.get(), reads);
}

#[tokio::test]
async fn idle_streams_of_both_kinds_share_one_statement_a_second() {
    let (app, _) = app(HttpSettings::default());
    let streams: Vec<_> = (0..40)
        .map(|number| {
            let caller = token(&format!("20243100{number:02}"), Access::Chief);
            let path = if number % 2 == 0 {
                PATH
            } else {
                "/api/v3/traces"
            };
            Stream::open_path(&app, path, &caller, "")
        })
        .collect();
    while app.metrics.streaming.get() < 40 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let before = app.metrics.watcher_reads.get();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let reads = app.metrics.watcher_reads.get() - before;
    assert!((3..=5).contains(&reads), "{reads}");
    drop(streams);
}
