//! Tests of key rotation: keys that are added and removed while tokens are verified.

mod issuer;

use std::{fs, time::Duration};

use serde_json::json;

use ureq::unversioned::{resolver::Resolver, transport::NextTimeout};

use self::issuer::{Issuer, KeyServerResponse};
use super::{source::LoopbackResolver, *};
use crate::token::{
    TokenError, TokenSettings, TokenVerifier,
    tests::forge::{base64url, signed_with},
};

const NOW: i64 = 1_765_015_200;
const LONG: Duration = Duration::from_secs(3_600);
/// A policy under which every unknown `kid` causes a refresh, and nothing else does.
const REFRESH_FOR_EVERY_UNKNOWN_KID: RefreshPolicy = RefreshPolicy {
    interval: LONG,
    min_interval: Duration::ZERO,
};
/// A policy under which only the first unknown `kid` causes a refresh.
const REFRESH_FOR_FIRST_UNKNOWN_KID: RefreshPolicy = RefreshPolicy {
    interval: LONG,
    min_interval: LONG,
};

/// Returns a key set of secrets with these `kid`s.
fn secret_key_set(names: &[&str]) -> String {
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

/// Verifies tokens until the outcome is `expected`, because on a busy machine a request can time out before a new key
/// has been read.
async fn wait_for_outcome(
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
    panic!("the outcome for {name} was never {expected:?}");
}

async fn verifier_with_source(
    source: KeySource,
    policy: RefreshPolicy,
) -> Result<TokenVerifier, KeySourceError> {
    let keys = Keyring::refreshing(Vec::new(), vec![source], policy).await?;
    Ok(TokenVerifier::new(keys, TokenSettings::default()))
}

#[tokio::test]
async fn key_file_is_read_again_for_an_unknown_kid() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys.json");
    fs::write(&file, secret_key_set(&["a"])).unwrap();
    let verifier =
        verifier_with_source(KeySource::File(file.clone()), REFRESH_FOR_EVERY_UNKNOWN_KID)
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

    fs::write(&file, secret_key_set(&["a", "b"])).unwrap();
    wait_for_outcome(outcome, "b", Ok(())).await;
    assert_eq!(outcome("a").await, Ok(()), "the old key is still valid");

    fs::write(&file, secret_key_set(&["b"])).unwrap();
    wait_for_outcome(
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
        "the previous keys remain in use"
    );
}

#[tokio::test]
async fn keys_from_a_url_rotate_and_remain_during_an_outage() {
    let issuer = Issuer::start(KeyServerResponse::keys(&["a"]));
    let verifier = verifier_with_source(issuer.source(), REFRESH_FOR_EVERY_UNKNOWN_KID)
        .await
        .unwrap();
    let outcome = async |kid: &str| {
        let token = issuer.token(kid, NOW + 60);
        verifier.verify_after_refresh(&token, NOW).await.map(drop)
    };

    assert_eq!(outcome("a").await, Ok(()));
    assert_eq!(issuer.request_count(), 1, "no request for a known kid");
    assert_eq!(outcome("b").await, Err(TokenError::UnknownKey));

    issuer.set_response(KeyServerResponse::keys(&["b", "a"]));
    wait_for_outcome(outcome, "b", Ok(())).await;

    for fault in [
        KeyServerResponse::Status(500),
        KeyServerResponse::Status(404),
        KeyServerResponse::CloseConnection,
        KeyServerResponse::Redirect,
        KeyServerResponse::Body("<html>".to_owned()),
        KeyServerResponse::Body(secret_key_set(&["c"])),
        KeyServerResponse::Body(format!("{}{}", " ".repeat(300_000), issuer.key_set(&["c"]))),
    ] {
        issuer.set_response(fault);
        assert_eq!(outcome("c").await, Err(TokenError::UnknownKey));
        assert_eq!(
            outcome("a").await,
            Ok(()),
            "the previous keys remain in use"
        );
    }

    issuer.set_response(KeyServerResponse::keys(&["c"]));
    wait_for_outcome(outcome, "c", Ok(())).await;
    assert_eq!(outcome("a").await, Err(TokenError::UnknownKey), "withdrawn");
}

#[tokio::test]
async fn many_unknown_kids_cause_one_key_server_request() {
    let issuer = Issuer::start(KeyServerResponse::keys(&["a"]));
    let verifier = verifier_with_source(issuer.source(), REFRESH_FOR_FIRST_UNKNOWN_KID)
        .await
        .unwrap();

    let mut requests = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (verifier, token) = (
            verifier.clone(),
            issuer.token(&format!("unknown {n}"), NOW + 60),
        );
        requests.spawn(async move { verifier.verify_after_refresh(&token, NOW).await });
    }
    for outcome in requests.join_all().await {
        assert_eq!(outcome, Err(TokenError::UnknownKey));
    }

    assert_eq!(
        issuer.request_count(),
        2,
        "one request at the start, one for the unknown kids"
    );
    let good = issuer.token("a", NOW + 60);
    assert!(verifier.verify_after_refresh(&good, NOW).await.is_ok());
}

#[tokio::test]
async fn keys_are_refreshed_at_regular_intervals() {
    let issuer = Issuer::start(KeyServerResponse::keys(&["a"]));
    let policy = RefreshPolicy {
        interval: Duration::from_millis(20),
        min_interval: LONG,
    };
    let verifier = verifier_with_source(issuer.source(), policy).await.unwrap();
    issuer.set_response(KeyServerResponse::keys(&["b"]));

    let (old, new) = (issuer.token("a", NOW + 60), issuer.token("b", NOW + 60));
    while verifier.verify(&new, NOW).is_err() {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(verifier.verify(&old, NOW), Err(TokenError::UnknownKey));

    drop(verifier);
    let request_count = async || {
        sleep(Duration::from_millis(200)).await;
        issuer.request_count()
    };
    assert_eq!(
        request_count().await,
        request_count().await,
        "a dropped keyring sends no requests"
    );
}

#[tokio::test]
async fn startup_error_names_the_unreadable_key_source() {
    let missing = verifier_with_source(
        KeySource::File("/nowhere/keys.json".into()),
        REFRESH_FOR_EVERY_UNKNOWN_KID,
    )
    .await;
    let error = missing.err().unwrap().to_string();
    assert!(
        error.starts_with("cannot read /nowhere/keys.json: "),
        "{error}"
    );

    let issuer = Issuer::start(KeyServerResponse::Status(503));
    let error = verifier_with_source(issuer.source(), REFRESH_FOR_EVERY_UNKNOWN_KID)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.starts_with("cannot fetch http://127.0.0.1:") && error.contains("503"),
        "{error}"
    );

    issuer.set_response(KeyServerResponse::Body(secret_key_set(&["a"])));
    let error = verifier_with_source(issuer.source(), REFRESH_FOR_EVERY_UNKNOWN_KID)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("it is a secret, expected public keys only"),
        "{error}"
    );
}

#[tokio::test]
async fn wait_for_an_unresponsive_key_server_is_limited() {
    let issuer = Issuer::start(KeyServerResponse::keys(&["a"]));
    let verifier = verifier_with_source(issuer.source(), REFRESH_FOR_EVERY_UNKNOWN_KID)
        .await
        .unwrap();
    issuer.set_response(KeyServerResponse::NoResponse);

    let token = issuer.token("b", NOW + 60);
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..2 * MAX_WAITING_REQUESTS {
        let (verifier, token) = (verifier.clone(), token.clone());
        requests.spawn(async move { verifier.verify_after_refresh(&token, NOW).await });
    }
    // Requests over the limit of waiting requests get their outcome at once. The others get it after the wait timeout,
    // which is shorter than the fetch timeout.
    for _ in 0..2 * MAX_WAITING_REQUESTS {
        let outcome = requests.join_next().await.unwrap().unwrap();
        assert_eq!(outcome, Err(TokenError::UnknownKey));
    }
    let refreshing = verifier.keys.0.refreshing.as_ref().unwrap();
    assert_eq!(
        refreshing.waiting.available_permits(),
        0,
        "the refresh still runs"
    );

    issuer.set_response(KeyServerResponse::keys(&["b"]));
    let outcome = async |name: &str| {
        let token = issuer.token(name, NOW + 60);
        verifier.verify_after_refresh(&token, NOW).await.map(drop)
    };
    wait_for_outcome(outcome, "b", Ok(())).await;
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
    // This address is not a loopback address.
    let other_address = found("http://192.0.2.1/jwks");
    assert!(matches!(other_address, Err(ureq::Error::HostNotFound)));
}

#[tokio::test]
async fn configured_keys_take_precedence_over_too_many_from_url() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys.json");
    fs::write(&file, secret_key_set(&["ours"])).unwrap();
    let many: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let issuer = Issuer::start(KeyServerResponse::keys(&many));
    let sources = vec![issuer.source(), KeySource::File(file)];
    let keys = Keyring::refreshing(Vec::new(), sources, REFRESH_FOR_EVERY_UNKNOWN_KID)
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
    for invalid in [
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
        assert_eq!(
            invalid.parse::<KeySetUrl>(),
            Err(InvalidKeySetUrl),
            "{invalid}"
        );
    }
}
