//! Keys that come and go while tokens are checked.

mod issuer;

use std::{fs, time::Duration};

use serde_json::json;

use ureq::unversioned::{resolver::Resolver, transport::NextTimeout};

use self::issuer::{Answer, Issuer};
use super::{source::LoopbackResolver, *};
use crate::token::{
    TokenError, TokenSettings, TokenVerifier,
    tests::forge::{base64url, signed_with},
};

const NOW: i64 = 1_765_015_200;
const LONG: Duration = Duration::from_secs(3_600);
/// Reads only when it is asked to, and then always.
const EAGER: RefreshPolicy = RefreshPolicy {
    interval: LONG,
    min_interval: Duration::ZERO,
};
/// Reads only when it is asked to, and then once.
const ONCE: RefreshPolicy = RefreshPolicy {
    interval: LONG,
    min_interval: LONG,
};

/// A key set of secrets with these names, and a token under one of them.
fn set(names: &[&str]) -> String {
    let keys: Vec<_> = names
        .iter()
        .map(|name| json!({"kty": "oct", "kid": name, "k": base64url(secret(name))}))
        .collect();
    json!({ "keys": keys }).to_string()
}

fn secret(name: &str) -> String {
    format!("the secret that is called {name}, 32 bytes and more")
}

fn token(name: &str) -> String {
    let header = json!({"alg": "HS256", "kid": name}).to_string();
    let claims = json!({"sid": "1", "access": "user", "exp": NOW + 60}).to_string();
    signed_with(secret(name).as_bytes(), header, claims)
}

/// Asks until the answer is this: on a busy machine a key that has just come may not be waited for until it is there.
async fn comes_to(
    outcome: impl AsyncFn(&str) -> Result<(), TokenError>,
    name: &str,
    expected: Result<(), TokenError>,
) {
    for _ in 0..1_000 {
        if outcome(name).await == expected {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("{name} never came to {expected:?}");
}

async fn following(
    source: KeySource,
    pace: RefreshPolicy,
) -> Result<TokenVerifier, KeySourceError> {
    let keys = Keyring::refreshing(Vec::new(), vec![source], pace).await?;
    Ok(TokenVerifier::new(keys, TokenSettings::default()))
}

#[tokio::test]
async fn new_key_in_the_file_replaces_the_old_one_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys.json");
    fs::write(&file, set(&["a"])).unwrap();
    let verifier = following(KeySource::File(file.clone()), EAGER)
        .await
        .unwrap();
    let outcome = async |name: &str| {
        verifier
            .verify_after_refresh(&token(name), NOW)
            .await
            .map(drop)
    };

    assert_eq!(outcome("a").await, Ok(()));
    assert_eq!(outcome("b").await, Err(TokenError::UnknownKey));

    fs::write(&file, set(&["a", "b"])).unwrap();
    comes_to(outcome, "b", Ok(())).await;
    assert_eq!(outcome("a").await, Ok(()), "the old one is there too");

    fs::write(&file, set(&["b"])).unwrap();
    comes_to(
        async |name| {
            let _ = outcome("c").await;
            outcome(name).await
        },
        "a",
        Err(TokenError::UnknownKey),
    )
    .await;
    assert_eq!(outcome("b").await, Ok(()));

    fs::write(&file, "half a file").unwrap();
    let _ = outcome("c").await;
    assert_eq!(
        outcome("b").await,
        Ok(()),
        "what cannot be read takes nothing away"
    );
}

#[tokio::test]
async fn keys_from_a_url_rotate_and_survive_an_outage() {
    let issuer = Issuer::serving(Answer::keys(&["a"]));
    let verifier = following(issuer.source(), EAGER).await.unwrap();
    let outcome = async |kid: &str| {
        let token = issuer.token(kid, NOW + 60);
        verifier.verify_after_refresh(&token, NOW).await.map(drop)
    };

    assert_eq!(outcome("a").await, Ok(()));
    assert_eq!(issuer.asked(), 1, "what is known is not asked for again");
    assert_eq!(outcome("b").await, Err(TokenError::UnknownKey));

    issuer.answer(Answer::keys(&["b", "a"]));
    comes_to(outcome, "b", Ok(())).await;

    for trouble in [
        Answer::Status(500),
        Answer::Status(404),
        Answer::HangUp,
        Answer::Redirection,
        Answer::Body("<html>".to_owned()),
        Answer::Body(set(&["c"])),
        Answer::Body(format!("{}{}", " ".repeat(300_000), issuer.key_set(&["c"]))),
    ] {
        issuer.answer(trouble);
        assert_eq!(outcome("c").await, Err(TokenError::UnknownKey));
        assert_eq!(outcome("a").await, Ok(()), "the keys stay");
    }

    issuer.answer(Answer::keys(&["c"]));
    comes_to(outcome, "c", Ok(())).await;
    assert_eq!(outcome("a").await, Err(TokenError::UnknownKey), "withdrawn");
}

#[tokio::test]
async fn unknown_kids_do_not_overload_the_key_server() {
    let issuer = Issuer::serving(Answer::keys(&["a"]));
    let verifier = following(issuer.source(), ONCE).await.unwrap();

    let mut questions = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (verifier, token) = (
            verifier.clone(),
            issuer.token(&format!("made up {n}"), NOW + 60),
        );
        questions.spawn(async move { verifier.verify_after_refresh(&token, NOW).await });
    }
    for outcome in questions.join_all().await {
        assert_eq!(outcome, Err(TokenError::UnknownKey));
    }

    assert_eq!(issuer.asked(), 2, "at the start, and once more");
    let good = issuer.token("a", NOW + 60);
    assert!(verifier.verify_after_refresh(&good, NOW).await.is_ok());
}

#[tokio::test]
async fn keys_are_refreshed_without_requests() {
    let issuer = Issuer::serving(Answer::keys(&["a"]));
    let pace = RefreshPolicy {
        interval: Duration::from_millis(20),
        min_interval: LONG,
    };
    let verifier = following(issuer.source(), pace).await.unwrap();
    issuer.answer(Answer::keys(&["b"]));

    let (old, new) = (issuer.token("a", NOW + 60), issuer.token("b", NOW + 60));
    while verifier.verify(&new, NOW).is_err() {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(verifier.verify(&old, NOW), Err(TokenError::UnknownKey));

    drop(verifier);
    let asked = async || {
        sleep(Duration::from_millis(200)).await;
        issuer.asked()
    };
    assert_eq!(
        asked().await,
        asked().await,
        "nobody has the keys any more, so nobody reads them"
    );
}

#[tokio::test]
async fn startup_error_names_the_unreadable_key_source() {
    let missing = following(KeySource::File("/nowhere/keys.json".into()), EAGER).await;
    let told = missing.err().unwrap().to_string();
    assert!(
        told.starts_with("cannot read /nowhere/keys.json: "),
        "{told}"
    );

    let issuer = Issuer::serving(Answer::Status(503));
    let told = following(issuer.source(), EAGER)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        told.starts_with("cannot fetch http://127.0.0.1:") && told.contains("503"),
        "{told}"
    );

    issuer.answer(Answer::Body(set(&["a"])));
    let told = following(issuer.source(), EAGER)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        told.contains("a secret has no place in a set of public keys"),
        "{told}"
    );
}

#[tokio::test]
async fn wait_for_a_hanging_key_server_is_limited() {
    let issuer = Issuer::serving(Answer::keys(&["a"]));
    let verifier = following(issuer.source(), EAGER).await.unwrap();
    issuer.answer(Answer::Silence);

    let token = issuer.token("b", NOW + 60);
    let mut questions = tokio::task::JoinSet::new();
    for _ in 0..2 * MAX_WAITING_REQUESTS {
        let (verifier, token) = (verifier.clone(), token.clone());
        questions.spawn(async move { verifier.verify_after_refresh(&token, NOW).await });
    }
    // Those who found no place are answered while the others wait, and they before the server is given up.
    for _ in 0..2 * MAX_WAITING_REQUESTS {
        let outcome = questions.join_next().await.unwrap().unwrap();
        assert_eq!(outcome, Err(TokenError::UnknownKey));
    }
    let followed = verifier.keys.0.refreshing.as_ref().unwrap();
    assert_eq!(
        followed.waiting.available_permits(),
        0,
        "they are looked for still"
    );

    issuer.answer(Answer::keys(&["b"]));
    let outcome = async |name: &str| {
        let token = issuer.token(name, NOW + 60);
        verifier.verify_after_refresh(&token, NOW).await.map(drop)
    };
    comes_to(outcome, "b", Ok(())).await;
}

#[test]
fn loopback_resolver_returns_loopback_addresses_only() {
    let agent = ureq::Agent::new_with_defaults();
    let found = |url: &str| {
        let url = url.parse().unwrap();
        LoopbackResolver.resolve(&url, agent.config(), NextTimeout::default())
    };
    assert!(found("http://localhost:8000/jwks").is_ok());
    assert!(found("http://127.0.0.1/jwks").is_ok());
    // An address that is not loopback.
    let elsewhere = found("http://192.0.2.1/jwks");
    assert!(matches!(elsewhere, Err(ureq::Error::HostNotFound)));
}

#[tokio::test]
async fn configured_keys_come_first_when_there_are_too_many() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys.json");
    fs::write(&file, set(&["ours"])).unwrap();
    let many: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let issuer = Issuer::serving(Answer::keys(&many));
    let sources = vec![issuer.source(), KeySource::File(file)];
    let keys = Keyring::refreshing(Vec::new(), sources, EAGER)
        .await
        .unwrap();
    let verifier = TokenVerifier::new(keys, TokenSettings::default());

    assert!(verifier.verify(&token("ours"), NOW).is_ok());
    assert!(verifier.verify(&issuer.token("14", NOW + 60), NOW).is_ok());
    let beyond = verifier.verify(&issuer.token("15", NOW + 60), NOW);
    assert_eq!(beyond, Err(TokenError::UnknownKey));
}

#[test]
fn key_set_url_is_https_or_loopback() {
    for good in [
        "https://sign-in.example/jwks.json",
        "https://sign-in.example:8443/a",
        "http://localhost:8000/jwks",
        "http://127.0.0.1/jwks",
        "http://[::1]:80/jwks",
    ] {
        assert_eq!(
            good.parse::<KeySetUrl>()
                .map(|url| url.to_string())
                .as_deref(),
            Ok(good)
        );
    }
    let with_token: KeySetUrl = "https://sign-in.example/a?token=hunter2".parse().unwrap();
    for shown in [with_token.to_string(), format!("{with_token:?}")] {
        assert_eq!(shown, "https://sign-in.example/a");
    }
    for bad in [
        "",
        "/jwks",
        "sign-in.example/jwks",
        "http://sign-in.example/jwks",
        "http://localhost.example/jwks",
        "http://127.0.0.1.example/jwks",
        "http://127.0.0.1@sign-in.example/jwks",
        "https://user:hunter2@sign-in.example/jwks",
        "ftp://sign-in.example/jwks",
        "file:///etc/passwd",
        "https:///jwks",
    ] {
        assert_eq!(bad.parse::<KeySetUrl>(), Err(InvalidKeySetUrl), "{bad}");
    }
}
