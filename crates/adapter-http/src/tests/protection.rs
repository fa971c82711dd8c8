//! Tests of security headers, CORS, rate limits and body limits.

use wts_app::RepositoryError;

use super::*;
use crate::{HttpSettings, RateLimits};

const PAGE: &str = "https://wts.example";

fn app_with_ticket_of_alice(settings: HttpSettings) -> App {
    App::with_settings(settings, |histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    })
}

fn with_origins() -> App {
    app_with_ticket_of_alice(HttpSettings {
        cors_origins: format!("{PAGE}, http://localhost:5173").parse().unwrap(),
        ..HttpSettings::default()
    })
}

fn bearer() -> String {
    format!("Authorization: Bearer {}", token(ALICE, Access::User))
}

fn status(response: &str) -> &str {
    &response["HTTP/1.1 ".len()..][..3]
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let app = App::with_repository(|histories| {
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
        let response = app.get(path, token).await;
        assert_eq!(status(&response), expected);
        for header in [
            "x-content-type-options: nosniff\r\n",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n",
            "x-frame-options: DENY\r\n",
            "cross-origin-resource-policy: same-origin\r\n",
            "referrer-policy: no-referrer\r\n",
        ] {
            assert!(response.contains(header), "{header} in {response}");
        }
        if expected != "200" {
            assert!(
                response.contains("cache-control: no-store\r\n"),
                "{response}"
            );
        }
        assert!(
            !response.contains("server: ") && !response.contains("x-powered-by"),
            "{response}"
        );
    }
}

#[tokio::test]
async fn cors_headers_are_absent_by_default() {
    let app = app_with_ticket_of_alice(HttpSettings::default());
    for origin in [PAGE, "null", "*", "http://127.0.0.1"] {
        let origin = format!("Origin: {origin}");
        for method in ["GET", "OPTIONS"] {
            let preflight = "Access-Control-Request-Method: GET";
            let response = app
                .request(method, PATH, &[&origin, &bearer(), preflight])
                .await;
            assert!(!response.contains("access-control-"), "{response}");
        }
    }
}

#[tokio::test]
async fn allowed_origin_may_read_all_responses() {
    let app = with_origins();
    let origin = format!("Origin: {PAGE}");
    for (authorization, expected) in [
        (bearer(), "200"),
        ("Authorization: Bearer x".to_owned(), "401"),
    ] {
        let response = app.request("GET", PATH, &[&origin, &authorization]).await;
        assert_eq!(status(&response), expected);
        assert!(
            response.contains(&format!("access-control-allow-origin: {PAGE}\r\n")),
            "{response}"
        );
        assert!(
            response.contains("access-control-expose-headers: etag, preference-applied, retry-after, www-authenticate, x-request-id\r\n"),
            "{response}"
        );
        assert!(response.contains("vary: origin\r\n"), "{response}");
        assert!(!response.contains("allow-credentials"), "{response}");
    }
}

#[tokio::test]
async fn other_origin_gets_no_cors_headers() {
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
        let response = app.request("GET", PATH, &[&origin, &bearer()]).await;
        assert!(!response.contains("access-control-"), "{response}");
        assert!(response.contains("vary: origin\r\n"), "{response}");
        let preflight = ["Access-Control-Request-Method: GET", &origin];
        let response = app.request("OPTIONS", PATH, &preflight).await;
        assert!(!response.contains("access-control-"), "{response}");
    }
}

#[tokio::test]
async fn preflight_of_allowed_origin_gets_cors_headers() {
    let app = with_origins();
    let origin = format!("Origin: {PAGE}");
    let preflight = [
        &origin,
        "Access-Control-Request-Method: GET",
        "Access-Control-Request-Headers: authorization",
    ];
    let response = app.request("OPTIONS", PATH, &preflight).await;
    assert_eq!(status(&response), "204");
    for header in [
        "access-control-allow-origin: https://wts.example\r\n",
        "access-control-allow-methods: GET, HEAD\r\n",
        "access-control-allow-headers: authorization, if-none-match, prefer, last-event-id, x-request-id, traceparent, \
         tracestate, baggage, \
         content-type, cache-control, pragma, x-requested-with\r\n",
        "access-control-max-age: 7200\r\n",
        "x-request-id: ",
    ] {
        assert!(response.contains(header), "{header} in {response}");
    }
}

#[tokio::test]
async fn rate_limit_applies_per_caller_and_per_address() {
    let one = std::num::NonZeroU32::new(1);
    let app = app_with_ticket_of_alice(HttpSettings {
        rate_limits: RateLimits {
            per_caller: one,
            per_address: one,
        },
        ..HttpSettings::default()
    });
    for token in [token(ALICE, Access::User), "x".to_owned()] {
        let mut responses = Vec::new();
        for _ in 0..60 {
            responses.push(app.get(PATH, &token).await);
            if responses
                .last()
                .is_some_and(|response| status(response) == "429")
            {
                break;
            }
        }
        assert!(responses.len() > 10, "the burst has too few requests");
        let rejected = responses.last().unwrap();
        assert_eq!(status(rejected), "429");
        assert!(rejected.contains("retry-after: "), "{rejected}");
        assert!(rejected.ends_with(r#""errType":2}"#), "{rejected}");
    }
    // The limit of Alice and the limit of the address are exhausted. The limit of Bob, who has the same address, is
    // not.
    let bob = app.get(PATH, &token("2024310002", Access::Dev)).await;
    assert_eq!(status(&bob), "200");
    assert_eq!(status(&app.get("/livez", "x").await), "200");
    for public in ["/nowhere", "/api/v3/openapi.json", "/api/v3/docs/"] {
        let response = app.get(public, &token("2024310002", Access::Dev)).await;
        assert_eq!(status(&response), "429", "{public}");
    }
    let response = app.request("POST", PATH, &[]).await;
    assert_eq!(status(&response), "429");
}

#[tokio::test]
async fn body_over_discard_limit_gets_413() {
    let app = app_with_ticket_of_alice(HttpSettings::default());
    for (length, expected) in [
        ("0", "200"),
        ("5", "415"),
        ("65536", "415"),
        ("65537", "413"),
    ] {
        let field = format!("Content-Length: {length}");
        let response = app.request("GET", "/livez", &[&field]).await;
        assert_eq!(status(&response), expected, "{length}");
    }
    let response = app.request("POST", PATH, &["Content-Length: 5"]).await;
    assert_eq!(status(&response), "405");
}
