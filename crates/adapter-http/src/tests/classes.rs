//! Tests of request classes: handlers that change the class of their request to a long-lived one.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    num::NonZeroUsize,
    time::Instant,
};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Bytes, Data},
};
use futures_util::stream;
use tokio::time::sleep;

use super::*;
use crate::{
    Health, HttpSettings,
    error::ApiError,
    request_class::{
        ConnectionHandle,
        RequestClass::{Streaming, Unary, Waiting},
    },
    routes::{Callers::Everyone, READ, Route},
};

pub(crate) static ROUTES: &[Route] = &[
    Route::new("/stream", READ, Everyone, Unary, || web::to(ticks)),
    Route::new("/flood", READ, Everyone, Unary, || web::to(flood)),
    Route::new("/wait", READ, Everyone, Unary, || web::to(wait)),
    Route::new("/sleep", READ, Everyone, Unary, || {
        web::to(|| sleep_for(LONG))
    }),
    Route::new("/short", READ, Everyone, Unary, || {
        web::to(|| sleep_for(Duration::ZERO))
    }),
];

/// A duration that is longer than all timeouts of these tests together.
const LONG: Duration = Duration::from_secs(2);

/// Returns settings whose limits every long-lived request of these tests would exceed.
fn limits() -> HttpSettings {
    HttpSettings {
        // The HTTP server measures the head timeout with a resolution of half a second.
        head_timeout: Duration::from_secs(1),
        request_timeout: Duration::from_millis(300),
        response_timeout: Duration::from_millis(300),
        keep_alive: Duration::from_millis(300),
        max_in_flight: NonZeroUsize::MIN,
        max_connections: NonZeroUsize::new(2).unwrap(),
        trusted_proxies: "127.0.0.1".parse().unwrap(),
        ..HttpSettings::default()
    }
}

fn app(settings: HttpSettings) -> App {
    App::with_settings(settings, |_| {})
}

/// Sends a stream of three letters, with a pause of [`LONG`] before each. If the request has no query, the stream also
/// ends when the service shuts down.
async fn ticks(
    connection: ConnectionHandle,
    request: HttpRequest,
    health: Data<Health>,
) -> HttpResponse {
    connection.raise(Streaming);
    let heeds_stop = request.query_string().is_empty();
    let body = stream::unfold(Some(b'a'), move |letter| {
        let health = Data::clone(&health);
        async move {
            let letter = letter.filter(|letter| *letter <= b'c')?;
            tokio::select! {
                () = sleep(LONG) => Some((Ok::<_, ApiError>(vec![letter].into()), Some(letter + 1))),
                () = health.wait_until_stopping(), if heeds_stop => Some((Ok(Bytes::from("stopping")), None)),
            }
        }
    });
    HttpResponse::Ok().streaming(Box::pin(body))
}

/// Sends an endless stream.
async fn flood(connection: ConnectionHandle) -> HttpResponse {
    connection.raise(Streaming);
    HttpResponse::Ok().streaming(stream::repeat_with(|| {
        Ok::<_, ApiError>(vec![0; 64 * 1_024].into())
    }))
}

/// Responds after [`LONG`], or earlier when the service shuts down.
async fn wait(connection: ConnectionHandle, health: Data<Health>) -> HttpResponse {
    connection.raise(Waiting);
    tokio::select! {
        () = sleep(LONG) => HttpResponse::Ok().body("news"),
        () = health.wait_until_stopping() => HttpResponse::Ok().body("stopping"),
    }
}

async fn sleep_for(duration: Duration) -> HttpResponse {
    sleep(duration).await;
    HttpResponse::Ok().body("done")
}

async fn until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "the condition did not become true"
        );
        sleep(Duration::from_millis(5)).await;
    }
}

/// Sends a request and returns the connection, from which the response has not been read.
fn connect(app: &App, path: &str) -> TcpStream {
    let mut client = TcpStream::connect(app.address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: wts\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    client
}

#[tokio::test]
async fn stream_is_exempt_from_timeouts_and_concurrency_limit() {
    let app = app(limits());
    let stream = app.request("GET", "/stream", &[]);
    let short = async {
        until(|| app.metrics.long_lived() == 1).await;
        // Each of these requests has its own connection. The connection of the stream must not be evicted for it.
        for _ in 0..10 {
            let response = app.request("GET", "/short", &[]).await;
            assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
            sleep(LONG / 10).await;
        }
    };
    let (response, ()) = tokio::join!(stream, short);
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    for letter in ["a", "b", "c"] {
        assert!(
            response.contains(&format!("1\r\n{letter}\r\n")),
            "{response}"
        );
    }
    assert!(response.ends_with("0\r\n\r\n"), "{response}");
    assert_eq!(app.metrics.long_lived(), 0);
}

#[tokio::test]
async fn long_poll_is_exempt_from_request_timeout() {
    let app = app(limits());
    let response = app.request("GET", "/wait", &[]);
    let short = async {
        until(|| app.metrics.long_lived() == 1).await;
        app.request("GET", "/short", &[]).await
    };
    let (response, short) = tokio::join!(response, short);
    assert!(response.ends_with("news"), "{response}");
    assert!(short.ends_with("done"), "{short}");
    assert_eq!(app.metrics.long_lived(), 0);
}

#[tokio::test]
async fn unary_request_over_the_request_timeout_is_rejected() {
    let response = app(limits()).request("GET", "/sleep", &[]).await;
    assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
}

#[tokio::test]
async fn connection_of_long_poll_is_reused() {
    let app = app(HttpSettings {
        keep_alive: Duration::from_secs(30),
        ..limits()
    });
    let mut client = connect(&app, "/wait");
    tokio::task::spawn_blocking(move || {
        for end in ["news", "done"] {
            let mut response = Vec::new();
            while !response.ends_with(end.as_bytes()) {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                response.push(byte[0]);
            }
            let request = b"GET /short HTTP/1.1\r\nHost: wts\r\n\r\n";
            client.write_all(request).unwrap();
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn stream_to_a_client_that_stops_reading_times_out() {
    let app = app(HttpSettings {
        write_timeout: Duration::from_millis(300),
        ..limits()
    });
    let mut client = connect(&app, "/flood");
    until(|| app.metrics.long_lived() == 1).await;
    until(|| app.metrics.long_lived() == 0).await;
    let mut rest = Vec::new();
    if let Err(error) = client.read_to_end(&mut rest) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    assert!(!rest.ends_with(b"0\r\n\r\n"), "the stream was not aborted");
}

#[tokio::test]
async fn graceful_shutdown_ends_streams_and_long_polls() {
    let app = app(HttpSettings {
        max_connections: NonZeroUsize::new(8).unwrap(),
        ..limits()
    });
    let (mut stream, mut waiting) = (connect(&app, "/stream"), connect(&app, "/wait"));
    until(|| app.metrics.long_lived() == 2).await;

    let report = app.shut_down().await;

    assert_eq!(report.aborted_requests, 0);
    for client in [&mut stream, &mut waiting] {
        let mut response = String::new();
        client.read_to_string(&mut response).unwrap();
        assert!(response.contains("stopping"), "{response}");
    }
}

#[tokio::test]
async fn shutdown_timeout_aborts_stream() {
    let app = app(HttpSettings {
        shutdown_timeout: LONG / 4,
        ..limits()
    });
    let _client = connect(&app, "/stream?stubborn");
    until(|| app.metrics.long_lived() == 1).await;

    let report = app.shut_down().await;

    assert_eq!(report.aborted_requests, 1);
}
