//! Tests of HTTP semantics: the authentication scheme, `HEAD`, methods, paths and invalid tokens.

use super::*;

fn app_with_ticket_of_alice() -> App {
    App::with_repository(|histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    })
}

#[tokio::test]
async fn token_is_accepted_only_in_single_bearer_header() {
    let app = app_with_ticket_of_alice();
    let alice = token(ALICE, Access::User);
    let get = async |fields: &[&str]| app.request("GET", PATH, fields).await;

    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        for gap in [" ", "  "] {
            let response = get(&[&format!("Authorization: {scheme}{gap}{alice}")]).await;
            assert!(
                response.starts_with("HTTP/1.1 200 "),
                "{scheme}: {response}"
            );
        }
    }
    for header in [
        "X: y",
        "Authorization:",
        "Authorization: Bearer",
        "Authorization: Basic dTpw",
        "Cookie: token=x",
    ] {
        let response = get(&[header]).await;
        assert!(
            response.starts_with("HTTP/1.1 401 "),
            "{header}: {response}"
        );
        assert!(
            response.contains("www-authenticate: Bearer\r\n"),
            "{header}: {response}"
        );
    }
    let field = format!("Authorization: Bearer {alice}");
    for invalid in [
        vec![field.as_str(), field.as_str()],
        vec![&field, "Authorization: Basic dTpw"],
    ] {
        let response = get(&invalid).await;
        assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
        assert!(
            response.contains("www-authenticate: Bearer error=\"invalid_token\"\r\n"),
            "{response}"
        );
    }
}

#[tokio::test]
async fn head_response_is_get_response_without_body() {
    let app = app_with_ticket_of_alice();
    let field = format!("Authorization: Bearer {}", token(ALICE, Access::User));

    for path in [PATH, "/livez", "/api/v3/get_traces"] {
        let (get, head) = (
            app.request("GET", path, &[&field]).await,
            app.request("HEAD", path, &[&field]).await,
        );
        let (get_head, body) = get.split_once("\r\n\r\n").unwrap();
        let (head_head, no_body) = head.split_once("\r\n\r\n").unwrap();
        assert_eq!(get_head.lines().next(), head_head.lines().next());
        assert!(!body.is_empty() && no_body.is_empty());
        assert!(
            head_head.contains(&format!("content-length: {}\r\n", body.len())),
            "{head}"
        );
    }
}

#[tokio::test]
async fn other_method_or_path_gets_error_body() {
    let app = app_with_ticket_of_alice();
    for (method, path, status) in [
        ("POST", PATH, "405"),
        ("BREW", PATH, "405"),
        ("DELETE", "/livez", "405"),
        ("GET", "/api", "404"),
        ("POST", "/api/v3/get_traces/?tid=123", "404"),
    ] {
        let response = app.request(method, path, &[]).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{method} {path}: {response}"
        );
        assert!(response.ends_with(r#""errType":2}"#), "{response}");
        assert!(response.contains("x-request-id: "), "{response}");
        assert_eq!(
            response.contains("allow: GET, HEAD, OPTIONS\r\n"),
            status == "405",
            "{response}"
        );
    }
}

#[tokio::test]
async fn invalid_tokens_get_identical_responses() {
    let app = app_with_ticket_of_alice();
    let alice = token(ALICE, Access::User);
    let (message, _) = alice.rsplit_once('.').unwrap();
    let mut responses = Vec::new();
    for invalid in [
        "x".to_owned(),
        "a.b.c".to_owned(),
        format!("{message}."),
        alice.replacen('e', "f", 1),
        "\u{fffd}".to_owned(),
        "a".repeat(20_000),
    ] {
        let response = app.get(PATH, &invalid).await;
        let stable_lines: Vec<_> = response
            .lines()
            .filter(|line| !line.starts_with("x-request-id: ") && !line.starts_with("date: "))
            .map(ToOwned::to_owned)
            .collect();
        responses.push(stable_lines);
    }
    assert!(
        responses[0][0].starts_with("HTTP/1.1 401 "),
        "{:?}",
        responses[0]
    );
    responses.dedup();
    assert_eq!(responses.len(), 1, "{responses:#?}");
}
