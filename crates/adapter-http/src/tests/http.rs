//! How requests may be spoken.

use super::*;

fn open_to_alice() -> App {
    App::with(|histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    })
}

#[tokio::test]
async fn a_token_comes_in_one_authorization_field_under_the_bearer_scheme() {
    let app = open_to_alice();
    let alice = token(ALICE, Access::User);
    let ask = async |fields: &[&str]| app.ask("GET", PATH, fields).await;

    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        for gap in [" ", "  "] {
            let answer = ask(&[&format!("Authorization: {scheme}{gap}{alice}")]).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{scheme}: {answer}");
        }
    }
    for none in [
        "X: y",
        "Authorization:",
        "Authorization: Bearer",
        "Authorization: Basic dTpw",
        "Cookie: token=x",
    ] {
        let answer = ask(&[none]).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{none}: {answer}");
        assert!(
            answer.contains("www-authenticate: Bearer\r\n"),
            "{none}: {answer}"
        );
    }
    let field = format!("Authorization: Bearer {alice}");
    for bad in [
        vec![field.as_str(), field.as_str()],
        vec![&field, "Authorization: Basic dTpw"],
    ] {
        let answer = ask(&bad).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(
            answer.contains("www-authenticate: Bearer error=\"invalid_token\"\r\n"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let app = open_to_alice();
    let field = format!("Authorization: Bearer {}", token(ALICE, Access::User));

    for path in [PATH, "/livez", "/api/v3/get_traces"] {
        let (get, head) = (
            app.ask("GET", path, &[&field]).await,
            app.ask("HEAD", path, &[&field]).await,
        );
        let (get_head, body) = get.split_once("\r\n\r\n").unwrap();
        let (head_head, nothing) = head.split_once("\r\n\r\n").unwrap();
        assert_eq!(get_head.lines().next(), head_head.lines().next());
        assert!(!body.is_empty() && nothing.is_empty());
        assert!(
            head_head.contains(&format!("content-length: {}\r\n", body.len())),
            "{head}"
        );
    }
}

#[tokio::test]
async fn other_methods_and_other_paths_are_refused_in_the_envelope() {
    let app = open_to_alice();
    for (method, path, status) in [
        ("POST", PATH, "405"),
        ("BREW", PATH, "405"),
        ("DELETE", "/livez", "405"),
        ("GET", "/", "404"),
        ("POST", "/api/v3/get_traces/?tid=123", "404"),
    ] {
        let answer = app.ask(method, path, &[]).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{method} {path}: {answer}"
        );
        assert!(answer.ends_with(r#""errType":2}"#), "{answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
        assert_eq!(
            answer.contains("allow: GET, HEAD, OPTIONS\r\n"),
            status == "405",
            "{answer}"
        );
    }
}

#[tokio::test]
async fn every_bad_token_is_answered_alike() {
    let app = open_to_alice();
    let alice = token(ALICE, Access::User);
    let (message, _) = alice.rsplit_once('.').unwrap();
    let mut answers = Vec::new();
    for bad in [
        "x".to_owned(),
        "a.b.c".to_owned(),
        format!("{message}."),
        alice.replacen('e', "f", 1),
        "\u{fffd}".to_owned(),
        "a".repeat(20_000),
    ] {
        let answer = app.get(PATH, &bad).await;
        let without_what_differs: Vec<_> = answer
            .lines()
            .filter(|line| !line.starts_with("x-request-id: ") && !line.starts_with("date: "))
            .map(ToOwned::to_owned)
            .collect();
        answers.push(without_what_differs);
    }
    assert!(
        answers[0][0].starts_with("HTTP/1.1 401 "),
        "{:?}",
        answers[0]
    );
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
}
