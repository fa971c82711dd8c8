//! What is no request, and is answered all the same.

use super::*;
use crate::HttpSettings;

fn nobody_asks() -> App {
    App::with(|_| {})
}

/// The answer to bytes that are the last on their connection.
async fn answer_to(app: &App, request: &[u8]) -> String {
    String::from_utf8(app.send_bytes(request.to_vec()).await).unwrap()
}

/// Whether an answer has all that every refusal has.
fn assert_whole(answer: &str, status: u16, msg: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with(&format!("HTTP/1.1 {status} ")),
        "{status} {answer}"
    );
    let expected = format!(r#"{{"success":false,"msg":"{msg}","errType":2}}"#);
    assert_eq!(body, expected);
    for field in [
        format!("content-length: {}", body.len()),
        "content-type: application/json; charset=utf-8".to_owned(),
        "connection: close".to_owned(),
        "cache-control: no-store".to_owned(),
        "x-content-type-options: nosniff".to_owned(),
    ] {
        assert!(head.lines().any(|line| line == field), "{field} in {head}");
    }
    for name in ["x-request-id: ", "date: "] {
        assert!(head.contains(name), "{name} in {head}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_the_envelope() {
    const UNREADABLE: &str = "the request cannot be read as HTTP/1.1";
    const ODD: &str = "path and query have to be percent-encoded";
    const LONG: &str = "path and query are too long";
    const HEADER: &str = "header fields are too long or too many";

    let app = nobody_asks();
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let with = |fields: &str| format!("GET {PATH} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    let long = |length: usize| "x".repeat(length);
    for (request, status, msg) in [
        (get("/api/v3/get_traces?tid=１２３"), 400, ODD),
        (get("/api/v3/get_traces?tid=2&x=工单"), 400, ODD),
        (get("/工单"), 400, ODD),
        ("GET / FOO\r\n\r\n".to_owned(), 400, UNREADABLE),
        (format!("GET {PATH} HTTP/1.1\r\n\r\n"), 400, UNREADABLE),
        (with("X: a\0b\r\n"), 400, UNREADABLE),
        (with("X: a\r\n b\r\n"), 400, UNREADABLE),
        (
            with("Content-Length: 1\r\nContent-Length: 1\r\n"),
            400,
            UNREADABLE,
        ),
        (get(&format!("/{}", long(70_000))), 414, LONG),
        (get(&format!("/{}", long(200_000))), 414, LONG),
        (with(&"X: y\r\n".repeat(100)), 431, HEADER),
        (with(&format!("X: {}\r\n", long(200_000))), 431, HEADER),
    ] {
        let answer = answer_to(&app, request.as_bytes()).await;
        assert_whole(&answer, status, msg);
    }
}

#[tokio::test]
async fn what_is_refused_is_counted_and_has_one_record_and_no_id_that_another_has() {
    logs::log();
    let app = nobody_asks();
    let first = answer_to(&app, b"GET / FOO\r\n\r\n").await;
    let second = answer_to(&app, b"GET / FOO\r\n\r\n").await;
    let id = |answer: &str| {
        let line = answer.lines().find(|line| line.starts_with("x-request-id"));
        line.unwrap().to_owned()
    };
    assert_ne!(id(&first), id(&second));
    for answer in [first, second] {
        let record = logs::record_of(&answer);
        for words in ["INFO", "status=400", "reason=the request cannot be read"] {
            assert!(record.contains(words), "{words:?} in {record}");
        }
    }

    let mut registry = prometheus_client::registry::Registry::default();
    app.metrics.register(&mut registry);
    let mut told = String::new();
    prometheus_client::encoding::text::encode(&mut told, &registry).unwrap();
    assert!(
        told.contains("wts_http_requests_total{route=\"none\",status=\"400\"} 2\n"),
        "{told}"
    );
}

#[tokio::test]
async fn a_head_that_does_not_come_is_refused_in_the_envelope_too() {
    let settings = HttpSettings {
        head_timeout: Duration::from_secs(1),
        ..HttpSettings::default()
    };
    let app = App::serving(settings, |_| {});
    let answer = answer_to(&app, b"GET /livez HTTP/1.1\r\nHost: a\r\n").await;
    assert_whole(&answer, 408, "the request's head did not come in time");
}

#[tokio::test]
async fn the_answers_before_it_stay_as_they_are() {
    let app = nobody_asks();
    let good = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
    for method in ["GET", "HEAD"] {
        let both = answer_to(
            &app,
            format!(
                "{}{good}{method} / FOO\r\n\r\n",
                good.replace("GET", "HEAD")
            )
            .as_bytes(),
        )
        .await;
        let (_, last) = both.rsplit_once("HTTP/1.1 ").unwrap();
        assert_eq!(both.matches("HTTP/1.1 200 OK").count(), 2, "{both}");
        assert!(both.contains("alive"), "{both}");
        assert_whole(
            &format!("HTTP/1.1 {last}"),
            400,
            "the request cannot be read as HTTP/1.1",
        );
    }
}

#[tokio::test]
async fn who_asks_for_no_body_is_sent_none_with_a_refusal_either() {
    let app = nobody_asks();
    for request in [
        "HEAD / FOO\r\n\r\n".to_owned(),
        format!("HEAD {PATH} HTTP/1.1\r\nHost: a\r\n\r\n"),
    ] {
        let mut answer = request.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nConnection: close\r\n");
        answer = answer_to(&app, answer.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
        assert!(
            !answer.contains("content-length: 0\r\n") && answer.ends_with("\r\n\r\n"),
            "{answer}"
        );
    }
}
