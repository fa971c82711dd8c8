//! Tests that no output contains secrets or personal data.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod forms;
#[path = "../support/mod.rs"]
mod support;

use std::{fs, panic};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use serde_json::json;
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::forms::forms;
use crate::support::{SECRET, Service, get, issuer::Issuer, now, outcome, signed, token, wts};

const PATHS: [&str; 7] = [
    "/api/v3/get_traces?tid=123",
    "/api/v3/get_traces?tid=124&x=canary-of-the-query",
    "/api/v3/get_traces?tid=canary-of-the-query",
    "/api/v3/get_traces?order=canary-of-the-query&tid=1",
    "/api/v3/get_traces?tid=123&access_token=canary-of-the-query",
    "/canary-of-the-path",
    "/livez",
];

/// Changes the password of the database role, and returns the URL with the new password. The default password would be
/// useless for this test, because it equals the user name, which is printed.
fn with_password(database: &Database, password: &str) -> String {
    let url = database.url();
    let (user, rest) = url["postgres://".len()..].split_once(':').unwrap();
    let (_, host) = rest.split_once('@').unwrap();
    database.execute(&format!("alter role {user} password '{password}'"));
    format!("postgres://{user}:{password}@{host}")
}

/// The strings that must not be printed, each with a description.
struct Canaries(Vec<(&'static str, String)>);

impl Canaries {
    fn assert_absent(&self, place: &str, text: &str) {
        for (what, canary) in &self.0 {
            for form in forms(canary) {
                assert!(
                    !text.contains(&form),
                    "{what} is in {place} as {form}: {text}"
                );
            }
        }
    }
}

#[test]
fn canary_is_found_in_every_encoding() {
    let canary = Canaries(vec![("it", "金丝雀-canary".to_owned())]);
    let bytes = canary.0[0].1.as_bytes();
    for text in [
        format!("{:?}", canary.0[0].1),
        format!("{bytes:?}"),
        format!("{bytes:02x?}").replace(", ", ""),
        format!("b\"{}\"", bytes.escape_ascii()),
        STANDARD.encode([b"ab", bytes, b"c"].concat()),
        URL_SAFE.encode([b"a", bytes, b"cd"].concat()),
    ] {
        let found = panic::catch_unwind(|| canary.assert_absent("a log", &text));
        assert!(found.is_err(), "{text}");
    }
    canary.assert_absent("a log", "another text");
}

#[test]
fn service_output_has_no_secrets_or_personal_data() {
    const PASSWORD: &str = "canary-of-the-password-7Fq";
    // No server listens at this address, so the service logs regularly that the replica cannot be read.
    const REPLICA: &str = "postgres://wts:canary-of-the-replica@127.0.0.1:1/wts";
    let database = Database::with(Kind::Postgres, sample_records());
    let directory = tempfile::tempdir().unwrap();
    let key_set = directory.path().join("keys.json");
    let shared = "Y2FuYXJ5LW9mLXRoZS1zZWNyZXQtaW4tdGhlLWtleS1zZXQtMTIz"; // in base64url
    let key = json!({"keys": [{"kty": "oct", "kid": "1", "k": shared}]});
    fs::write(&key_set, key.to_string()).unwrap();

    let good = [token(ALICE, Access::User), token(ALICE, Access::Dev)];
    let other_issuer =
        Issuer::new("unknown").sign(&json!({"sid": ALICE, "access": "dev", "exp": now() + 60}));
    let expired = signed(
        &json!({"sid": "sid-of-a-canary", "access": "user", "exp": 1, "name": "名字里的金丝雀"}),
    );
    let mut canaries = Canaries(vec![
        ("the shared secret", SECRET.to_owned()),
        ("a secret of the key set", shared.to_owned()),
        ("the database's password", PASSWORD.to_owned()),
        ("a replica's password", "canary-of-the-replica".to_owned()),
        ("a name in a token", "令牌里的名字".to_owned()),
        ("a name in an invalid token", "名字里的金丝雀".to_owned()),
        ("a sid in an invalid token", "sid-of-a-canary".to_owned()),
        ("a query", "canary-of-the-query".to_owned()),
        ("a path", "canary-of-the-path".to_owned()),
        ("a cookie", "canary-of-the-cookie".to_owned()),
        ("basic credentials", "Y2FuYXJ5OmNhbmFyeQ".to_owned()),
    ]);
    // The claims and the signature of a token must not be printed either.
    for token in good.iter().chain([&other_issuer, &expired]) {
        let parts: Vec<_> = token.split('.').collect();
        canaries
            .0
            .push(("the claims of a token", parts[1].to_owned()));
        canaries
            .0
            .push(("the signature of a token", parts[2].to_owned()));
    }

    let url = with_password(&database, PASSWORD);
    let mut service = Service::with(
        &url,
        &[
            ("WTS_LOG", "trace"),
            ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
            ("WTS_RECHECK_ACCESS", "on"),
            ("WTS_DATABASE_READ_URLS", REPLICA),
            ("WTS_JWT_JWKS_FILE", key_set.to_str().unwrap()),
        ],
    );
    let mut responses = String::new();
    let send_all_requests = |responses: &mut String| {
        for path in PATHS {
            for authorization in good
                .iter()
                .chain([&other_issuer, &expired])
                .flat_map(|token| {
                    [
                        format!("Bearer {token}"),
                        format!("Bearer {token}x"),
                        token.clone(),
                    ]
                })
                .chain(["Basic Y2FuYXJ5OmNhbmFyeQ==".to_owned()])
            {
                for method in ["GET", "POST"] {
                    let headers = [
                        ("Authorization", authorization.as_str()),
                        ("Cookie", "session=canary-of-the-cookie"),
                        ("X-Request-Id", "canary-of-the-query"),
                    ];
                    responses.push_str(&service.request(method, path, &headers).shown());
                }
            }
        }
        let garbage = format!(
            "GET /canary-of-the-path HTTP/1.1\r\nAuthorization: Bearer {}\r\n\u{1}\r\n\r\n",
            good[0]
        );
        responses.push_str(&String::from_utf8_lossy(&service.send(garbage.as_bytes())));
    };
    send_all_requests(&mut responses);
    // The requests are repeated while the database cannot be read.
    database.execute("alter table wts.ticket_traces rename to gone");
    send_all_requests(&mut responses);
    assert!(responses.contains("status: 200") && responses.contains("status: 500"));

    let metrics = get(service.operations(), "/metrics").body;
    canaries.assert_absent("the metrics", &metrics);
    let arguments = fs::read_to_string(format!("/proc/{}/cmdline", service.process())).unwrap();
    canaries.assert_absent("the argument list", &arguments);
    let (_, log) = service.stop("TERM");
    assert!(log.contains("DEBUG") && log.contains("status=200") && log.contains("status=500"));
    canaries.0.extend([
        ("a remark", "工单已创建".to_owned()),
        ("an operator's name", "詹姆斯".to_owned()),
        ("a student's number", ALICE.to_owned()),
    ]);
    canaries.assert_absent("the log", &log);
    // Responses contain remarks and names of operators, but none of the other strings.
    canaries
        .0
        .retain(|(what, _)| !["a remark", "an operator's name"].contains(what));
    canaries.assert_absent("a response", &responses);
}

#[test]
fn command_output_has_no_secrets_or_passwords() {
    let canaries = Canaries(vec![
        ("the shared secret", SECRET.to_owned()),
        ("the password", "hunter2-canary".to_owned()),
    ]);
    for url in [
        "postgres://wts:hunter2-canary@127.0.0.1:1/wts",
        "postgres://wts:hunter2-canary@/wts",
        "postgres://wts:hunter2-canary@localhost:x/wts",
        "postgres://wts:hunter2-canary@localhost/wts?sslmode=hunter2-canary",
        "postgres://wts@localhost:1/wts?password=hunter2-canary&x",
        "mysql://wts:hunter2-canary@localhost/wts",
    ] {
        for arguments in [
            &["serve"][..],
            &["migrate"],
            &["config"],
            &["token", "--sid", "1", "--access", "user"],
        ] {
            let mut command = wts(arguments);
            command
                .env("WTS_DATABASE_URL", url)
                .env("WTS_JWT_SECRET", SECRET)
                .env("WTS_LISTEN", "127.0.0.1:0")
                .env("WTS_STARTUP_TIMEOUT", "1ms")
                .env("WTS_LOG", "trace");
            let (_, stdout, stderr) = outcome(&mut command);
            let place = format!("{arguments:?} with {url}");
            canaries.assert_absent(&place, &(stdout + &stderr));
        }
    }
}
