//! Tests of the export of spans to an OpenTelemetry collector.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message;
use support::{Service, token};
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

const WAIT_TIMEOUT: Duration = Duration::from_secs(30);
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// An OpenTelemetry collector that makes the received requests available to the test.
struct Collector {
    url: String,
    exported: Receiver<ExportTraceServiceRequest>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, exported) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                while let Some(body) = posted(&mut stream) {
                    let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
                    if sender.send(request).is_err() {
                        return;
                    }
                    let response = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    stream.get_mut().write_all(response.as_bytes()).unwrap();
                }
            }
        });
        Self { url, exported }
    }

    /// Waits until `count` spans have been exported, and returns them.
    fn spans(&self, count: usize) -> Vec<Span> {
        let mut spans = Vec::new();
        while spans.len() < count {
            let exported = self
                .exported
                .recv_timeout(WAIT_TIMEOUT)
                .expect("a batch arrives");
            for resource in exported.resource_spans {
                let of = resource.resource.expect("a resource");
                assert_eq!(text(&of.attributes, "service.name"), "wts");
                spans.extend(
                    resource
                        .scope_spans
                        .into_iter()
                        .flat_map(|scope| scope.spans),
                );
            }
        }
        spans
    }
}

/// Returns the body of the next request that exports spans, or `None` at the end of the connection.
fn posted(stream: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    if line.is_empty() {
        return None;
    }
    assert!(line.starts_with("POST /v1/traces HTTP/1.1"), "{line}");
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).ok()?;
        let field = line.trim().to_ascii_lowercase();
        if field.is_empty() {
            break;
        }
        if let Some(value) = field.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes
        .iter()
        .find(|attribute| attribute.key == key)?
        .value
        .as_ref()?
        .value
        .as_ref()
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    match value(attributes, key) {
        Some(Value::StringValue(text)) => text,
        other => unreachable!("{key}: {other:?}"),
    }
}

fn number(span: &Span, key: &str) -> Option<i64> {
    match value(&span.attributes, key)? {
        Value::IntValue(number) => Some(*number),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn each_request_is_exported_as_a_span_of_the_callers_trace() {
    let collector = Collector::start();
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::with(
        &database.url(),
        &[
            ("WTS_OTLP_ENDPOINT", &collector.url),
            ("WTS_LOG", "wts::serve=info"),
        ],
    );
    let bearer = format!("Bearer {}", token(ALICE, Access::User));
    let request = |path: &str, parent: &str| {
        service.request(
            "GET",
            path,
            &[("Authorization", &bearer), ("traceparent", parent)],
        )
    };
    let parent = |flags: &str| format!("00-{TRACE}-b7ad6b7169203331-{flags}");
    request("/livez", &parent("01"));
    request("/api/v3/get_traces?tid=123&secret=me", &parent("00"));
    let response = request("/api/v3/get_traces?tid=123&secret=me", &parent("01"));
    request("/api/v3/get_traces?tid=0", "");

    let spans = collector.spans(2);
    let [first, second] = spans.as_slice() else {
        unreachable!("expected no spans of health checks or unsampled requests, found: {spans:?}");
    };
    assert_eq!(first.name, "GET /api/v3/get_traces");
    assert_eq!(hex(&first.trace_id), TRACE);
    assert_eq!(hex(&first.parent_span_id), "b7ad6b7169203331");
    assert!(first.end_time_unix_nano >= first.start_time_unix_nano);
    assert_eq!(number(first, "http.response.status_code"), Some(200));
    assert_eq!(number(first, "wts.ticket.id"), Some(123));
    for (key, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/api/v3/get_traces"),
        ("wts.caller.rank", "user"),
        ("wts.request.id", response.header("x-request-id").unwrap()),
    ] {
        assert_eq!(text(&first.attributes, key), value);
    }
    assert_eq!(number(second, "http.response.status_code"), Some(400));
    assert_ne!(hex(&second.trace_id), TRACE, "a trace of its own");
    assert!(second.parent_span_id.is_empty());
    let all = format!("{spans:?}");
    assert!(!all.contains(ALICE) && !all.contains("secret"), "{all}");
}

#[test]
fn last_spans_are_exported_before_the_process_ends() {
    let collector = Collector::start();
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::with(&database.url(), &[("WTS_OTLP_ENDPOINT", &collector.url)]);
    for _ in 0..20 {
        service.get("/api/v3/get_traces?tid=123", &token(ALICE, Access::User));
    }
    let (status, output) = service.stop("TERM");
    assert!(status.success(), "{output}");
    assert_eq!(collector.spans(20).len(), 20);
}

#[test]
fn unresponsive_collector_delays_no_request() {
    // This collector accepts connections and never responds.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let database = Database::with(Kind::Sqlite, sample_records());
    let settings = [
        ("WTS_OTLP_ENDPOINT", url.as_str()),
        // This setting of OpenTelemetry makes the queue so small that a few requests fill it.
        ("OTEL_BSP_MAX_QUEUE_SIZE", "16"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8"),
    ];
    let service = Service::with(&database.url(), &settings);
    for _ in 0..100 {
        let response = service.get("/api/v3/get_traces?tid=123", &token(ALICE, Access::User));
        assert_eq!(response.status, 200);
    }
    let (status, output) = service.stop("TERM");
    assert!(status.success(), "{output}");
    assert!(
        output.contains("exporting the last spans failed"),
        "{output}"
    );
}

#[test]
fn zero_sampling_exports_only_traces_the_caller_sampled() {
    let collector = Collector::start();
    let database = Database::with(Kind::Sqlite, sample_records());
    let settings = [
        ("WTS_OTLP_ENDPOINT", collector.url.as_str()),
        ("WTS_OTLP_SAMPLING", "0"),
    ];
    let service = Service::with(&database.url(), &settings);
    service.get("/api/v3/get_traces?tid=123", &token(ALICE, Access::User));
    let recorded = format!("00-{TRACE}-b7ad6b7169203331-01");
    service.request("GET", "/nowhere", &[("traceparent", &recorded)]);
    service.stop("TERM");
    let spans = collector.spans(1);
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].name, "GET");
}
