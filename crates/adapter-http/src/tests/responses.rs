//! What good answers bear.

use super::*;
use crate::HttpSettings;

pub(super) fn bearer(sid: &str, access: Access) -> String {
    format!("Authorization: Bearer {}", token(sid, access))
}

/// A store with Alice's ticket, with so many traces.
pub(super) fn with_traces(number: i64) -> App {
    App::with(|histories| {
        histories
            .expect_find()
            .returning(move |_| Ok(found(long_history(number))));
    })
}

fn long_history(number: i64) -> Arc<TicketHistory> {
    let trace = history_of(ALICE).traces[0].clone();
    let traces = (1..=number).map(|id| {
        let mut trace = trace.clone();
        trace.id = TraceId::new(id);
        trace
    });
    Arc::new(TicketHistory::new(StudentId::from(ALICE), traces.collect()))
}

pub(super) fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn who_has_what_is_shown_is_not_sent_it_again() {
    let app = with_traces(2);
    let alice = bearer(ALICE, Access::User);
    let first = app.ask("GET", PATH, &[&alice]).await;
    let tag = field(&first, "etag").unwrap();
    assert_eq!(field(&first, "cache-control"), Some("private, no-cache"));
    assert_eq!(field(&first, "vary"), Some("Accept, Accept-Encoding"));

    // Whoever asks, and with whatever else they have besides.
    let strong = tag.strip_prefix("W/").unwrap();
    for caller in [&alice, &bearer("2024310999", Access::Dev)] {
        for known in [
            tag,
            strong,
            "*",
            &format!("W/\"x\", {tag}"),
            &format!("\"x\",{strong}"),
        ] {
            for method in ["GET", "HEAD"] {
                let known = format!("If-None-Match: {known}");
                let answer = app.ask(method, PATH, &[caller, &known]).await;
                assert!(
                    answer.starts_with("HTTP/1.1 304 Not Modified\r\n"),
                    "{known}: {answer}"
                );
                assert!(answer.ends_with("\r\n\r\n"), "{answer}");
                for name in ["etag", "cache-control", "vary"] {
                    assert_eq!(field(&answer, name), field(&first, name), "{answer}");
                }
                assert!(field(&answer, "x-request-id").is_some());
                assert_eq!(field(&answer, "content-type"), None);
            }
        }
    }
    for unknown in ["\"x\"", "W/\"\"", "x", strong.trim_matches('"'), ""] {
        let unknown = format!("If-None-Match: {unknown}");
        let answer = app.ask("GET", PATH, &[&alice, &unknown]).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{unknown}: {answer}");
    }
}

#[tokio::test]
async fn a_new_trace_is_sent_to_who_has_the_others() {
    let app = App::with(|histories| {
        histories
            .expect_find()
            .times(1)
            .returning(|_| Ok(found(long_history(1))));
        histories
            .expect_find()
            .returning(|_| Ok(found(long_history(2))));
    });
    let alice = bearer(ALICE, Access::User);
    let first = app.ask("GET", PATH, &[&alice]).await;

    let known = format!("If-None-Match: {}", field(&first, "etag").unwrap());
    let second = app.ask("GET", PATH, &[&alice, &known]).await;

    assert!(
        second.starts_with("HTTP/1.1 200 ") && second.contains(r#""opid":2"#),
        "{second}"
    );
    assert_ne!(field(&second, "etag"), field(&first, "etag"));
}

#[tokio::test]
async fn a_stranger_does_not_learn_whether_they_guessed_the_tag() {
    let app = with_traces(1);
    let mallory = bearer("2024310666", Access::User);
    let first = app.ask("GET", PATH, &[&bearer(ALICE, Access::User)]).await;
    for known in ["*", field(&first, "etag").unwrap()] {
        let known = format!("If-None-Match: {known}");
        let answer = app.ask("GET", PATH, &[&mallory, &known]).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert_eq!(field(&answer, "etag"), None);
    }
}

#[tokio::test]
async fn who_takes_no_json_is_refused() {
    let app = with_traces(1);
    let alice = bearer(ALICE, Access::User);
    for (accept, status) in [
        ("*/*", "200"),
        ("application/json", "200"),
        ("application/json, text/plain, */*", "200"),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "200",
        ),
        ("application/*;q=0.1", "200"),
        ("application/json; charset=utf-8", "200"),
        ("", "200"),
        ("nonsense", "200"),
        ("text/html", "406"),
        ("application/xml, text/*", "406"),
        ("application/json;q=0, */*", "406"),
        ("*/*;q=0", "406"),
    ] {
        let answer = app
            .ask("GET", PATH, &[&alice, &format!("Accept: {accept}")])
            .await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{accept:?}: {answer}"
        );
        assert!(answer.contains("content-type: application/json; charset=utf-8\r\n"));
    }
}

#[tokio::test]
async fn a_request_brings_nothing_along() {
    let app = with_traces(1);
    let alice = bearer(ALICE, Access::User);
    for (field, body, is_taken) in [
        ("Content-Length: 0", "", true),
        ("Content-Type: application/json", "", true),
        ("Content-Length: 2", "{}", false),
        ("Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n", false),
    ] {
        for (method, path, good) in [
            ("GET", PATH, "200"),
            ("OPTIONS", PATH, "204"),
            ("GET", "/livez", "200"),
            ("GET", "/readyz", "200"),
            ("GET", "/startupz", "200"),
            ("GET", "/api/v3/openapi.json", "200"),
            ("GET", "/api/v3/docs", "308"),
            ("GET", "/api/v3/docs/", "200"),
        ] {
            let answer = app.send(method, path, &[&alice, field], body).await;
            let answer = String::from_utf8(answer).unwrap();
            let status = if is_taken { good } else { "415" };
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{method} {path}, {field}: {answer}"
            );
            assert!(is_taken || answer.ends_with(r#""errType":2}"#), "{answer}");
        }
    }
}

#[tokio::test]
async fn who_is_not_known_is_told_so_before_anything_about_forms() {
    let app = App::with(|_| {});
    for (odd, body) in [
        ("Accept: text/html", ""),
        ("Accept-Encoding: *;q=0", ""),
        ("Content-Length: 2", "{}"),
    ] {
        let answer = app.send("GET", PATH, &[odd], body).await;
        assert!(answer.starts_with(b"HTTP/1.1 401 "), "{odd}");
    }
}

#[tokio::test]
async fn options_names_the_methods_to_everyone() {
    let app = App::with(|_| {});
    for path in [PATH, "/api/v3/get_traces", "/livez"] {
        let answer = app.ask("OPTIONS", path, &[]).await;
        assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
        assert_eq!(field(&answer, "allow"), Some("GET, HEAD, OPTIONS"));
        assert!(field(&answer, "x-request-id").is_some());
    }
}

#[tokio::test]
async fn a_trusted_proxys_request_id_is_in_the_answer_and_anothers_is_not() {
    let told = |histories: &mut wts_app::MockHistoryRepository| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    };
    let settings = HttpSettings {
        trusted_proxies: "127.0.0.0/8".parse().unwrap(),
        ..HttpSettings::default()
    };
    let behind = App::serving(settings, told);
    let (alice, id) = (
        bearer(ALICE, Access::User),
        "X-Request-Id: from-the-proxy_1",
    );
    for path in [PATH, "/nowhere"] {
        let answer = behind.ask("GET", path, &[&alice, id]).await;
        assert_eq!(
            field(&answer, "x-request-id"),
            Some("from-the-proxy_1"),
            "{answer}"
        );
    }
    let answer = with_traces(1).ask("GET", PATH, &[&alice, id]).await;
    assert_ne!(field(&answer, "x-request-id"), Some("from-the-proxy_1"));
}
