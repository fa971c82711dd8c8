//! What protects answers, and the service from those who ask too much.

use wts_app::RepositoryError;

use super::*;
use crate::{HttpSettings, RateLimits};

const PAGE: &str = "https://wts.example";

fn open_to_alice(settings: HttpSettings) -> App {
    App::serving(settings, |histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    })
}

fn with_origins() -> App {
    open_to_alice(HttpSettings {
        cors_origins: format!("{PAGE}, http://localhost:5173").parse().unwrap(),
        ..HttpSettings::default()
    })
}

fn bearer() -> String {
    format!("Authorization: Bearer {}", token(ALICE, Access::User))
}

fn status(answer: &str) -> &str {
    &answer["HTTP/1.1 ".len()..][..3]
}

#[tokio::test]
async fn every_answer_tells_browsers_not_to_guess_frame_or_keep_it() {
    let app = App::with(|histories| {
        histories
            .expect_find()
            .times(1)
            .returning(|_| Ok(found(history_of(ALICE))));
        histories
            .expect_find()
            .times(1)
            .returning(|_| Err(RepositoryError::Busy));
        histories.expect_find().returning(|_| panic!("a bug"));
    });
    let alice = token(ALICE, Access::User);
    for (path, token, expected) in [
        (PATH, alice.as_str(), "200"),
        (PATH, &alice, "503"),
        (PATH, &alice, "500"),
        (PATH, "x", "401"),
        ("/nowhere", "x", "404"),
        ("/livez", "x", "200"),
        ("/api/v3/get_traces?tid=x", &alice, "400"),
    ] {
        let answer = app.get(path, token).await;
        assert_eq!(status(&answer), expected);
        for header in [
            "x-content-type-options: nosniff\r\n",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n",
            "x-frame-options: DENY\r\n",
            "cross-origin-resource-policy: same-origin\r\n",
            "referrer-policy: no-referrer\r\n",
        ] {
            assert!(answer.contains(header), "{header} in {answer}");
        }
        if expected != "200" {
            assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");
        }
        assert!(
            !answer.contains("server: ") && !answer.contains("x-powered-by"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn without_origins_no_page_may_read_an_answer() {
    let app = open_to_alice(HttpSettings::default());
    for origin in [PAGE, "null", "*", "http://127.0.0.1"] {
        let origin = format!("Origin: {origin}");
        for method in ["GET", "OPTIONS"] {
            let preflight = "Access-Control-Request-Method: GET";
            let answer = app
                .ask(method, PATH, &[&origin, &bearer(), preflight])
                .await;
            assert!(!answer.contains("access-control-"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_page_of_a_configured_origin_may_read_answers_refusals_included() {
    let app = with_origins();
    let origin = format!("Origin: {PAGE}");
    for (authorization, expected) in [
        (bearer(), "200"),
        ("Authorization: Bearer x".to_owned(), "401"),
    ] {
        let answer = app.ask("GET", PATH, &[&origin, &authorization]).await;
        assert_eq!(status(&answer), expected);
        assert!(
            answer.contains(&format!("access-control-allow-origin: {PAGE}\r\n")),
            "{answer}"
        );
        assert!(
            answer.contains("access-control-expose-headers: etag, retry-after, www-authenticate, x-request-id\r\n"),
            "{answer}"
        );
        assert!(answer.contains("vary: origin\r\n"), "{answer}");
        assert!(!answer.contains("allow-credentials"), "{answer}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_not() {
    let app = with_origins();
    for origin in [
        "https://wts.example.attacker.example",
        "https://attacker.example",
        "http://wts.example",
        "https://wts.example:8443",
        "https://WTS.example",
        "null",
        "*",
    ] {
        let origin = format!("Origin: {origin}");
        let answer = app.ask("GET", PATH, &[&origin, &bearer()]).await;
        assert!(!answer.contains("access-control-"), "{answer}");
        assert!(answer.contains("vary: origin\r\n"), "{answer}");
        let preflight = ["Access-Control-Request-Method: GET", &origin];
        let answer = app.ask("OPTIONS", PATH, &preflight).await;
        assert!(!answer.contains("access-control-"), "{answer}");
    }
}

#[tokio::test]
async fn a_browser_that_asks_beforehand_is_told_what_a_page_may_send() {
    let app = with_origins();
    let origin = format!("Origin: {PAGE}");
    let asked = [
        &origin,
        "Access-Control-Request-Method: GET",
        "Access-Control-Request-Headers: authorization",
    ];
    let answer = app.ask("OPTIONS", PATH, &asked).await;
    assert_eq!(status(&answer), "204");
    for header in [
        "access-control-allow-origin: https://wts.example\r\n",
        "access-control-allow-methods: GET, HEAD\r\n",
        "access-control-allow-headers: authorization, if-none-match, x-request-id, traceparent, \
         content-type, cache-control, pragma, x-requested-with\r\n",
        "access-control-max-age: 7200\r\n",
        "x-request-id: ",
    ] {
        assert!(answer.contains(header), "{header} in {answer}");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_ask_again_and_others_at_the_address_are_not() {
    let one = std::num::NonZeroU32::new(1);
    let app = open_to_alice(HttpSettings {
        rate_limits: RateLimits {
            per_caller: one,
            per_address: one,
        },
        ..HttpSettings::default()
    });
    for token in [token(ALICE, Access::User), "x".to_owned()] {
        let mut answers = Vec::new();
        for _ in 0..60 {
            answers.push(app.get(PATH, &token).await);
            if answers.last().is_some_and(|answer| status(answer) == "429") {
                break;
            }
        }
        assert!(answers.len() > 10, "some may come at once");
        let refused = answers.last().unwrap();
        assert_eq!(status(refused), "429");
        assert!(refused.contains("retry-after: "), "{refused}");
        assert!(refused.ends_with(r#""errType":2}"#), "{refused}");
    }
    // Alice and strangers have used up what is theirs. Bob, on the same machine, has not.
    let bob = app.get(PATH, &token("2024310002", Access::Dev)).await;
    assert_eq!(status(&bob), "200");
    assert_eq!(status(&app.get("/livez", "x").await), "200");
    for for_everyone in ["/nowhere", "/api/v3/openapi.json", "/api/v3/docs/"] {
        let answer = app
            .get(for_everyone, &token("2024310002", Access::Dev))
            .await;
        assert_eq!(status(&answer), "429", "{for_everyone}");
    }
    let answer = app.ask("POST", PATH, &[]).await;
    assert_eq!(status(&answer), "429");
}

#[tokio::test]
async fn a_body_is_refused_at_once_where_it_is_too_long_to_be_passed_over() {
    let app = open_to_alice(HttpSettings::default());
    for (length, expected) in [
        ("0", "200"),
        ("5", "415"),
        ("65536", "415"),
        ("65537", "413"),
    ] {
        let field = format!("Content-Length: {length}");
        let answer = app.ask("GET", "/livez", &[&field]).await;
        assert_eq!(status(&answer), expected, "{length}");
    }
    let answer = app.ask("POST", PATH, &["Content-Length: 5"]).await;
    assert_eq!(status(&answer), "405");
}
