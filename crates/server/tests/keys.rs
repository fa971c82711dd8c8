//! Tests of the keys for token verification: files, key servers, JWKS refresh and key rotation.

mod support;

use std::{fs, path::Path, thread};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::support::{
    Service,
    issuer::{Issuer, Published},
    now, outcome, wts,
};

const TRACES: &str = "/api/v3/get_traces?tid=123";
/// The example key of RFC 7515 A.1.
const OF_RFC_7515: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

fn claims() -> Value {
    json!({"sid": ALICE, "access": "user", "exp": now() + 600})
}

/// Returns the command `wts serve` with an SQLite database and only the keys that these settings name.
fn serve(database: &Database, settings: &[(&str, &Path)]) -> std::process::Command {
    let mut command = wts(&["serve"]);
    command
        .env("WTS_DATABASE_URL", database.url())
        .env("WTS_LISTEN", "127.0.0.1:0")
        .env("WTS_STARTUP_TIMEOUT", "0s")
        .envs(settings.iter().copied());
    command
}

#[test]
fn public_keys_verify_tokens_of_the_matching_private_keys() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let directory = tempfile::tempdir().unwrap();
    let (first, second, stranger) = (Issuer::new("a"), Issuer::new("b"), Issuer::new("a"));
    let (pem, jwks) = (
        directory.path().join("keys.pem"),
        directory.path().join("keys.json"),
    );
    fs::write(&pem, first.pem()).unwrap();
    fs::write(&jwks, Issuer::jwks(&[&second])).unwrap();
    let service = Service::run_serving(&mut serve(
        &database,
        &[
            ("WTS_JWT_PUBLIC_KEYS_FILE", &pem),
            ("WTS_JWT_JWKS_FILE", &jwks),
        ],
    ));
    let status = |token: &str| service.get(TRACES, token).status;

    assert_eq!(status(&first.sign(&claims())), 200);
    assert_eq!(status(&second.sign(&claims())), 200);
    assert_eq!(status(&stranger.sign(&claims())), 401);
    let with_the_public_key = jsonwebtoken::encode(
        &jsonwebtoken::Header::default(),
        &claims(),
        &jsonwebtoken::EncodingKey::from_secret(first.pem().as_bytes()),
    );
    assert_eq!(status(&with_the_public_key.unwrap()), 401);
}

#[test]
fn hangup_reloads_keys_and_keeps_them_if_a_file_is_invalid() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (Issuer::new("a"), Issuer::new("b"));
    let pem = directory.path().join("keys.pem");
    fs::write(&pem, old.pem()).unwrap();
    let mut service =
        Service::run_serving(&mut serve(&database, &[("WTS_JWT_PUBLIC_KEYS_FILE", &pem)]));

    fs::write(&pem, "-----BEGIN nothing").unwrap();
    service.signal("HUP");
    service.wait_for_output("reloading the keys failed; the previous keys remain in use");
    assert_eq!(service.get(TRACES, &old.sign(&claims())).status, 200);

    fs::write(&pem, new.pem()).unwrap();
    service.signal("HUP");
    service.wait_for_output("reloaded the keys");
    assert_eq!(service.get(TRACES, &old.sign(&claims())).status, 401);
    assert_eq!(service.get(TRACES, &new.sign(&claims())).status, 200);
}

#[test]
fn unusable_keys_fail_the_start_with_origin_and_reason() {
    let database = Database::new(Kind::Sqlite);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys");
    let error = |setting: &str, text: &str| {
        fs::write(&file, text).unwrap();
        let (status, _, stderr) = outcome(&mut serve(&database, &[(setting, &file)]));
        assert_eq!(status.code(), Some(1), "{stderr}");
        let start = format!("wts: {setting}: {}: ", file.display());
        stderr
            .strip_prefix(&start)
            .unwrap_or_else(|| panic!("{stderr:?}"))
            .to_owned()
    };
    let private = Issuer::new("a").private_pem();
    let secret = "c2VjcmV0IQ";

    let output = error("WTS_JWT_PUBLIC_KEYS_FILE", &private);
    assert!(output.contains("found a private key"), "{output}");
    let output = error("WTS_JWT_PUBLIC_KEYS_FILE", "hunter2");
    assert!(
        output.contains("expected public keys in PEM") && !output.contains("hunter2"),
        "{output}"
    );
    let output = error("WTS_JWT_JWKS_FILE", "hunter2");
    assert!(
        output.contains("expected a JSON Web Key Set") && !output.contains("hunter2"),
        "{output}"
    );
    let output = error(
        "WTS_JWT_JWKS_FILE",
        &json!({"keys": [{"kty": "oct", "k": secret}]}).to_string(),
    );
    assert!(
        output.contains("key 1 of the set is weak: the secret has 7 bytes"),
        "{output}"
    );
    assert!(!output.contains(secret), "{output}");

    let (_, _, stderr) = outcome(&mut serve(&database, &[]));
    assert!(
        stderr.starts_with("wts: WTS_JWT_SECRET is not set, nor is "),
        "{stderr}"
    );
}

/// The other keys of the set can be used.
#[test]
fn forgeable_key_from_a_url_is_skipped_and_logged() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let (first, second) = (Issuer::new("1"), Issuer::new("1"));
    let mut set: Value = serde_json::from_str(&Issuer::jwks(&[&first, &second])).unwrap();
    // A point of small order: the signature of 0 and this point is valid for every message.
    let zeros = "A".repeat(43);
    let forgeable = json!({"kty": "OKP", "crv": "Ed25519", "kid": "forgeable", "x": zeros});
    set["keys"].as_array_mut().unwrap().insert(0, forgeable);
    let published = Published::new(&set.to_string());
    let mut command = serve(&database, &[]);
    command.env("WTS_JWT_JWKS_URL", published.url());
    let service = Service::run_serving(&mut command);

    let base64url = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let message = format!(
        "{}.{}",
        base64url(br#"{"alg":"EdDSA"}"#),
        base64url(claims().to_string().as_bytes())
    );
    for signature in [[0; 64], std::array::from_fn(|at| u8::from(at == 0))] {
        let forged = format!("{message}.{}", base64url(&signature));
        assert_eq!(service.get(TRACES, &forged).status, 401);
    }
    assert_eq!(service.get(TRACES, &first.sign(&claims())).status, 200);
    assert_eq!(service.get(TRACES, &second.sign(&claims())).status, 200);
    let (_, log) = service.stop("TERM");
    assert!(
        log.contains("key 1 of the set (kid") && log.contains("RFC 8725 3.4"),
        "{log}"
    );
    assert!(
        log.contains("several keys of one type have the same kid"),
        "{log}"
    );
    assert!(!log.contains(&zeros), "{log}");
}

#[test]
fn public_key_as_the_secret_prevents_startup() {
    let database = Database::new(Kind::Sqlite);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    let issuer = Issuer::new("a");
    for public in [issuer.pem(), Issuer::jwks(&[&issuer])] {
        fs::write(&file, &public).unwrap();
        let (status, _, stderr) = outcome(&mut serve(&database, &[("WTS_JWT_SECRET_FILE", &file)]));
        assert_eq!(status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains("the secret is a public key or a JSON object")
                && stderr.contains("RFC 8725"),
            "{stderr}"
        );
    }
}

#[test]
fn secret_from_an_example_prevents_startup() {
    let database = Database::new(Kind::Sqlite);
    for known in [
        "a-string-secret-at-least-256-bits-long",
        "00000000000000000000000000000000",
        "changeme-changeme-changeme-changeme",
        "0123456789abcdef0123456789abcdef",
        "your-very-long-secret-key-that-is-at-least-32-characters",
        OF_RFC_7515,
    ] {
        let (status, _, stderr) = outcome(serve(&database, &[]).env("WTS_JWT_SECRET", known));
        assert_eq!(status.code(), Some(1));
        assert!(
            stderr.starts_with("wts: WTS_JWT_SECRET: the secret "),
            "{stderr}"
        );
        assert!(!stderr.contains(known), "{stderr}");
    }
    let directory = tempfile::tempdir().unwrap();
    let set = directory.path().join("keys.json");
    fs::write(
        &set,
        json!({"keys": [{"kty": "oct", "k": OF_RFC_7515}]}).to_string(),
    )
    .unwrap();
    let (status, _, stderr) = outcome(&mut serve(&database, &[("WTS_JWT_JWKS_FILE", &set)]));
    assert_eq!(status.code(), Some(1));
    assert!(stderr.contains("key 1 of the set is weak"), "{stderr}");
}

#[test]
fn proxy_variable_is_ignored_for_a_local_key_server() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let (issuer, imposter) = (Issuer::new("1"), Issuer::new("2"));
    let published = Published::new(&Issuer::jwks(&[&issuer]));
    let proxy = Published::new(&Issuer::jwks(&[&imposter]));
    let mut command = serve(&database, &[]);
    command.env("WTS_JWT_JWKS_URL", published.url());
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(variable, proxy.url());
    }
    let service = Service::run_serving(&mut command);

    assert_eq!(service.get(TRACES, &issuer.sign(&claims())).status, 200);
    assert_eq!(service.get(TRACES, &imposter.sign(&claims())).status, 401);
    assert_eq!(proxy.request_count(), 0);
}

#[test]
fn unknown_kid_is_rejected_even_while_the_key_server_hangs() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let (issuer, stranger) = (Issuer::new("1"), Issuer::new("2"));
    let published = Published::new(&Issuer::jwks(&[&issuer]));
    let mut command = serve(&database, &[]);
    command.env("WTS_JWT_JWKS_URL", published.url());
    let service = Service::run_serving(&mut command);
    published.stop_responding();

    let responses: Vec<_> = thread::scope(|scope| {
        let request = || service.get(TRACES, &stranger.sign(&claims()));
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(request)).collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });

    for response in responses {
        assert_eq!(response.status, 401, "{}", response.body);
    }
    assert_eq!(service.get(TRACES, &issuer.sign(&claims())).status, 200);
}

#[test]
fn query_of_a_key_server_url_is_never_printed() {
    let database = Database::new(Kind::Sqlite);
    for (url, shown) in [
        ("http://sign-in.example/jwks?token=hunter2-canary", None),
        ("https://wts:hunter2-canary@sign-in.example/jwks", None),
        (
            "http://127.0.0.1:1/jwks?token=hunter2-canary",
            Some("http://127.0.0.1:1/jwks"),
        ),
    ] {
        let mut config = wts(&["config"]);
        config.env("WTS_JWT_JWKS_URL", url);
        for command in [
            serve(&database, &[]).env("WTS_JWT_JWKS_URL", url),
            &mut config,
        ] {
            let (_, stdout, stderr) = outcome(command);
            let output = stdout + &stderr;
            assert!(!output.contains("canary"), "{output}");
            assert!(shown.is_none_or(|shown| output.contains(shown)), "{output}");
        }
    }
}

#[test]
fn startup_waits_for_a_key_server_that_starts_later() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let issuer = Issuer::new("1");
    let published = Published::new("");
    let mut serve = serve(&database, &[]);
    serve
        .env("WTS_JWT_JWKS_URL", published.url())
        .env("WTS_STARTUP_TIMEOUT", "1h");
    let mut service = Service::spawn_serve(&mut serve);
    service.wait_for_output("waiting for the keys");

    published.publish(&Issuer::jwks(&[&issuer]));

    service.wait_for_output("listening on http://");
}

#[test]
fn key_server_with_an_untrusted_certificate_is_rejected() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let issuer = Issuer::new("1");
    let (published, authority) = Published::over_tls(&Issuer::jwks(&[&issuer]));
    let directory = tempfile::tempdir().unwrap();
    let trusted = directory.path().join("ca.pem");
    fs::write(&trusted, authority).unwrap();
    let serve = |url: &str| {
        let mut command = serve(&database, &[("SSL_CERT_FILE", &trusted)]);
        command.env("WTS_JWT_JWKS_URL", url);
        command
    };

    let service = Service::run_serving(&mut serve(&published.url()));
    assert_eq!(service.get(TRACES, &issuer.sign(&claims())).status, 200);

    let by_another_name = published.url().replace("localhost", "127.0.0.1");
    let (_, _, not_for_this_name) = outcome(&mut serve(&by_another_name));
    let (_, _, not_trusted) = outcome(serve(&published.url()).env("SSL_CERT_FILE", "/dev/null"));
    for stderr in [not_for_this_name, not_trusted] {
        assert!(
            stderr.starts_with("wts: WTS_JWT_JWKS_URL: cannot fetch https://"),
            "{stderr}"
        );
    }
}
