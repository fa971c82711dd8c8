//! Tests of slow clients, timeouts and overload.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Instant,
};

use tokio::task::spawn_blocking;
use wts_app::RepositoryError;

use super::*;
use crate::HttpSettings;

/// A duration that is longer than all timeouts of these tests, even on a busy machine. The timeout of the clients is longer.
const LONG: Duration = Duration::from_secs(20);
const NEVER: Duration = Duration::from_secs(3_600);
/// A number of bytes that does not fit into the socket buffers.
const LARGE: usize = 20 * 1_024 * 1_024;

fn request() -> String {
    let alice = token(ALICE, Access::User);
    format!("GET {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {alice}\r\n\r\n")
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// Reads until the server closes the connection. Returns the bytes and the time that this took.
fn read_to_end(stream: &mut TcpStream) -> (String, Duration) {
    let begun = Instant::now();
    let mut response = Vec::new();
    if let Err(error) = stream.read_to_end(&mut response) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    (
        String::from_utf8_lossy(&response).into_owned(),
        begun.elapsed(),
    )
}

/// Returns a history of `traces` traces, whose remarks have `LARGE` bytes in total.
fn large_history(traces: usize) -> Arc<TicketHistory> {
    let first = history_of(ALICE).traces[0].clone();
    let traces = (0..traces).map(|_| {
        let mut trace = first.clone();
        trace.remark = "x".repeat(LARGE / traces);
        trace
    });
    Arc::new(TicketHistory::new(StudentId::from(ALICE), traces.collect()))
}

#[tokio::test(flavor = "multi_thread")]
async fn incomplete_request_times_out_on_new_or_reused_connection() {
    let settings = HttpSettings {
        head_timeout: Duration::from_secs(1),
        request_timeout: Duration::from_millis(200),
        keep_alive: NEVER,
        ..HttpSettings::default()
    };
    let app = App::with_settings(settings, |histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    });
    let whole = request();
    let half = whole[..whole.len() / 2].to_owned();
    let address = app.address();
    spawn_blocking(move || {
        let mut first = connect(address);
        first.write_all(half.as_bytes()).unwrap();
        let (response, waited) = read_to_end(&mut first);
        assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
        assert!(waited < LONG, "{waited:?}");

        let mut later = connect(address);
        later.write_all(whole.as_bytes()).unwrap();
        let mut beginning = [0; 12];
        later.read_exact(&mut beginning).unwrap();
        assert_eq!(&beginning, b"HTTP/1.1 200");
        later.write_all(half.as_bytes()).unwrap();
        let (_, waited) = read_to_end(&mut later);
        assert!(waited < LONG, "{waited:?}");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_stops_reading_exceeds_the_write_timeout() {
    let settings = HttpSettings {
        write_timeout: Duration::from_millis(300),
        ..HttpSettings::default()
    };
    let app = App::with_settings(settings, |histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    });
    let many = request().repeat(1_000);
    let mut stream = connect(app.address());
    spawn_blocking(move || {
        let begun = Instant::now();
        // Writing fails when the server has closed the connection.
        while stream.write_all(many.as_bytes()).is_ok() {
            assert!(begun.elapsed() < LONG, "the connection was not closed");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_client_exceeds_the_response_timeout() {
    logs::log();
    for traces in [1, 300] {
        let settings = HttpSettings {
            response_timeout: Duration::from_secs(2),
            write_timeout: NEVER,
            request_timeout: NEVER,
            ..HttpSettings::default()
        };
        // A history of one trace is sent in one chunk. A longer history is streamed.
        let app = App::with_settings(settings, |histories| {
            histories
                .expect_find()
                .returning(move |_| Ok(found(large_history(traces))));
        });
        let mut stream = connect(app.address());
        let read = spawn_blocking(move || {
            stream.write_all(request().as_bytes()).unwrap();
            let (mut read, mut piece) = (0, vec![0; 64 * 1_024]);
            // This client reads continuously, but too slowly for the response timeout.
            while let Ok(length @ 1..) = stream.read(&mut piece) {
                read += length;
                thread::sleep(Duration::from_millis(20));
            }
            read
        });
        assert!(read.await.unwrap() < LARGE, "the response was not aborted");
    }
}

#[tokio::test]
async fn request_rejected_by_batch_queue_is_counted_as_shed() {
    let app = App::with_repository(|histories| {
        histories
            .expect_find()
            .returning(|_| Err(RepositoryError::Busy));
    });
    let response = app.get(PATH, &token(ALICE, Access::User)).await;
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");

    let mut registry = prometheus_client::registry::Registry::default();
    app.metrics.register(&mut registry);
    let mut metrics = String::new();
    prometheus_client::encoding::text::encode(&mut metrics, &registry).unwrap();
    assert!(
        metrics.contains("wts_http_requests_shed_total{reason=\"batch_queue\"} 1\n"),
        "{metrics}"
    );
}
