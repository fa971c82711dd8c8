//! What good answers bear, and in which forms they come.

use std::io::Read;

use super::*;
use crate::HttpSettings;

fn bearer(sid: &str, access: Access) -> String {
    format!("Authorization: Bearer {}", token(sid, access))
}

/// A store with Alice's ticket, with so many traces.
fn with_traces(number: i64) -> App {
    App::with(|histories| {
        histories
            .expect_find()
            .returning(move |_| Ok(Some(long_history(number))));
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

fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
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
            .returning(|_| Ok(Some(long_history(1))));
        histories
            .expect_find()
            .returning(|_| Ok(Some(long_history(2))));
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

/// The status line, the head and the body of an answer that may be compressed and in chunks.
async fn decoded(app: &App, accepted: &str) -> (String, Vec<u8>, usize) {
    let fields = [
        &*bearer(ALICE, Access::User),
        &format!("Accept-Encoding: {accepted}"),
    ];
    let answer = app.ask_for_bytes("GET", PATH, &fields).await;
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap()
        + 4;
    let (head, body) = answer.split_at(end);
    let head = String::from_utf8(head.to_vec()).unwrap();
    let body = match field(&head, "transfer-encoding") {
        Some(_) => unchunked(body),
        None => body.to_vec(),
    };
    let mut plain = Vec::new();
    match field(&head, "content-encoding") {
        None => plain.clone_from(&body),
        Some("zstd") => plain = zstd::decode_all(&*body).unwrap(),
        Some("br") => drop(
            brotli::Decompressor::new(&*body, 4_096)
                .read_to_end(&mut plain)
                .unwrap(),
        ),
        Some("gzip") => drop(
            flate2::read::GzDecoder::new(&*body)
                .read_to_end(&mut plain)
                .unwrap(),
        ),
        Some(other) => panic!("{other}"),
    }
    (head, plain, body.len())
}

/// RFC 9112 7.1.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n").unwrap();
        let length = str::from_utf8(&body[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            return whole;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 2 + length + 2..];
    }
}

#[tokio::test]
async fn a_body_that_gains_by_it_is_compressed_as_the_client_likes_it() {
    for traces in [20, 2_000] {
        let app = with_traces(traces);
        let (head, plain, _) = decoded(&app, "identity").await;
        assert_eq!(field(&head, "content-encoding"), None);
        assert!(plain.ends_with(b"]}"));
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", "zstd"),
            ("gzip, deflate, br", "br"),
            ("gzip", "gzip"),
            ("gzip, br;q=0.9", "gzip"),
        ] {
            let (compressed, body, sent) = decoded(&app, accepted).await;
            assert_eq!(
                field(&compressed, "content-encoding"),
                Some(coding),
                "{accepted}"
            );
            assert_eq!(body, plain, "{accepted}");
            assert!(
                sent < plain.len() / 4,
                "{accepted}: {sent} of {}",
                plain.len()
            );
            for name in ["etag", "vary", "content-type"] {
                assert_eq!(field(&compressed, name), field(&head, name));
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_gains_nothing_is_sent_as_it_is_unless_the_client_refuses_that() {
    let app = with_traces(1);
    let (head, plain, _) = decoded(&app, "gzip, br, zstd").await;
    assert_eq!(field(&head, "content-encoding"), None);
    let (head, body, _) = decoded(&app, "identity;q=0, gzip").await;
    assert_eq!(field(&head, "content-encoding"), Some("gzip"));
    assert_eq!(body, plain);
    let (head, body, _) = decoded(&app, "*;q=0").await;
    assert!(head.starts_with("HTTP/1.1 406 "), "{head}");
    assert!(
        body.ends_with(br#""errType":2}"#),
        "the refusal itself can be read by everyone"
    );
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
            .returning(|_| Ok(Some(history_of(ALICE))));
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

#[tokio::test]
async fn the_description_of_the_api_is_there_for_everyone_and_kept_by_who_has_it() {
    let app = App::with(|_| {});
    let answer = app.ask("GET", "/api/v3/openapi.json", &[]).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.ends_with(crate::openapi_document()));

    let known = format!("If-None-Match: {}", field(&answer, "etag").unwrap());
    let again = app.ask("GET", "/api/v3/openapi.json", &[&known]).await;
    assert!(again.starts_with("HTTP/1.1 304 "), "{again}");
}

/// The head of an answer whose body is no text.
async fn head_of(app: &App, path: &str, asked: &str) -> String {
    let mut answer = app.ask_for_bytes("GET", path, &[asked]).await;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    answer.truncate(end.unwrap() + 4);
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_browser_is_shown_the_description_and_asks_nobody_else_for_anything() {
    let app = App::with(|_| {});
    let moved = app.ask("GET", "/api/v3/docs", &[]).await;
    assert_eq!(field(&moved, "location"), Some("/api/v3/docs/"), "{moved}");

    let page = app.ask("GET", "/api/v3/docs/", &[]).await;
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert_eq!(
        field(&page, "content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = field(&page, "content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"));
    let linked: Vec<_> = page
        .split(['"', '\''])
        .filter(|link| [".js", ".css"].iter().any(|kind| link.ends_with(kind)))
        .collect();
    assert!(linked.len() >= 3, "{linked:?} in {page}");
    for link in linked {
        assert!(!link.contains("//"), "{link} is elsewhere");
        let path = format!("/api/v3/docs/{}", link.trim_start_matches("./"));
        // As browsers ask, and as others do.
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", Some("gzip")),
            ("gzip;q=0.5, br", Some("gzip")),
            ("br", Some("br")),
            ("identity", None),
        ] {
            let head = head_of(&app, &path, &format!("Accept-Encoding: {accepted}")).await;
            assert!(head.starts_with("HTTP/1.1 200 "), "{path}");
            // The one that is written for this service is not packed, and what is short gains nothing.
            let is_short = path.ends_with("initializer.js")
                || path.ends_with("index.css") && coding == Some("br");
            let coding = coding.filter(|_| !is_short);
            assert_eq!(field(&head, "content-encoding"), coding, "{path}");
            let content_type = field(&head, "content-type").unwrap();
            assert!(content_type.ends_with("; charset=utf-8"), "{content_type}");
        }
    }
    for image in ["favicon-16x16.png", "favicon-32x32.png"] {
        let path = format!("/api/v3/docs/{image}");
        let head = head_of(&app, &path, "Accept-Encoding: gzip").await;
        assert_eq!(field(&head, "content-encoding"), None, "it would grow");
        let known = format!("If-None-Match: {}", field(&head, "etag").unwrap());
        let head = head_of(&app, &path, &known).await;
        assert!(head.starts_with("HTTP/1.1 304 "), "{head}");
        let head = head_of(&app, &path, "Accept-Encoding: *;q=0").await;
        assert!(head.starts_with("HTTP/1.1 406 "), "{head}");
    }
    let initializer = app
        .ask("GET", "/api/v3/docs/swagger-initializer.js", &[])
        .await;
    assert!(
        initializer.contains("/api/v3/openapi.json"),
        "{initializer}"
    );
    assert!(
        initializer.contains(r#""validatorUrl": "none""#),
        "{initializer}"
    );

    for path in [
        "/api/v3/docs/nothing.js",
        "/api/v3/docs/../livez",
        "/api/v3/docs/%2e%2e/x",
    ] {
        let answer = app.ask("GET", path, &[]).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(answer.ends_with(r#""errType":2}"#), "{answer}");
    }
}
