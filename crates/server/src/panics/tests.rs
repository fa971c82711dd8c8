//! Tests of the log records of panics. Each test panics in a separate process, because the hook and the log are global.
#![expect(clippy::print_stdout, reason = "the test reads the output")]

use std::{
    env,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::Arc,
    time::Duration,
};

use wts_adapter_http::{
    Health, HttpMetrics, HttpSettings, Key, Keyring, Secret, TokenSettings, TokenSigner,
    TokenSubject, TokenVerifier,
};
use wts_app::{
    MockFeedRepository, MockHistoryRepository, MockWatchRepository, RankSource, Repositories,
    UseCases,
};
use wts_domain::Access;

use crate::logging::{self, LogFormat};

/// The environment variable that is set in the process that must panic.
const PANICS: &str = "WTS_TEST_PANICS";

/// Starts the log as the binary does, and then calls `work`, which panics.
fn logged(filter: &str, work: impl FnOnce()) {
    super::install_panic_hook();
    let filter = logging::filter(filter).unwrap();
    logging::start(filter, LogFormat::Json, None).unwrap();
    work();
    logging::end();
}

/// Runs the test with this name in a process in which it panics. Returns the output.
fn output_of(name: &str) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args([&format!("panics::tests::{name}"), "--exact", "--nocapture"])
        .env(PANICS, "1")
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    let output = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&output).into_owned()
}

#[test]
fn panic_is_logged_with_its_location_and_not_its_message() {
    if env::var_os(PANICS).is_some() {
        return logged("info", || {
            let panicked = std::thread::spawn(|| {
                let token = "eyJhbGciOiJIUzI1NiJ9.canary";
                panic!("cannot read {token}");
            });
            assert!(panicked.join().is_err());
        });
    }
    let output = output_of("panic_is_logged_with_its_location_and_not_its_message");
    assert!(
        output.contains("a thread panicked")
            && output.contains(r#""location":"crates/server/src/panics/tests.rs"#)
            && output.contains(r#""backtrace":""#),
        "{output}"
    );
    assert!(!output.contains("canary"), "{output}");
}

#[test]
fn panicking_request_logs_no_token_name_or_remark() {
    if env::var_os(PANICS).is_some() {
        return logged("trace", || print!("{}", panicking_request()));
    }
    let output = output_of("panicking_request_logs_no_token_name_or_remark");
    assert!(output.contains("HTTP/1.1 500 "), "{output}");
    assert!(output.contains("a thread panicked"), "{output}");
    assert!(
        output.contains("the request's handler panicked"),
        "{output}"
    );
    for canary in ["canary", "eyJ", "金丝雀"] {
        assert!(!output.contains(canary), "{canary} in {output}");
    }
}

/// Sends a request for which the repository panics with a message that contains secrets and personal data. Returns the
/// response.
#[tokio::main(flavor = "current_thread")]
async fn panicking_request() -> String {
    let secret = Secret::new(b"the secret of this test: 32 bytes or more".to_vec()).unwrap();
    let identity = TokenSubject {
        openid: String::new(),
        sid: "sid-of-a-canary".to_owned(),
        username: String::new(),
        avatar: String::new(),
        access: Access::User,
        name: "名字里的金丝雀".to_owned(),
    };
    let signer = TokenSigner::new(&secret, TokenSettings::default());
    let token = signer
        .sign(&identity, 0, Duration::from_secs(10_000_000_000))
        .unwrap();
    let mut histories = MockHistoryRepository::new();
    let message = format!("{token} of {identity:?}, with the remark 备注里的金丝雀");
    histories
        .expect_find()
        .returning(move |_| panic!("cannot read {message}"));
    let histories = Arc::new(histories);
    let repositories = Repositories {
        histories: histories.clone(),
        primary_histories: histories,
        feed: Arc::new(MockFeedRepository::new()),
        watch: Arc::new(MockWatchRepository::new()),
    };

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let keys = Keyring::fixed(vec![Key::shared(&secret)]).unwrap();
    let service = wts_adapter_http::server(
        listener,
        UseCases::new(repositories, RankSource::Token),
        TokenVerifier::new(keys, TokenSettings::default()),
        &HttpSettings::default(),
        &Health::default(),
        &HttpMetrics::default(),
    );
    let answer = tokio::task::spawn_blocking(move || send_request(address, &token));
    let mut told = String::new();
    let ended = service.unwrap().run_until(async {
        told = answer.await.unwrap();
    });
    ended.await.unwrap();
    told
}

fn send_request(address: SocketAddr, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /api/v3/get_traces?tid=123 HTTP/1.1\r\nHost: wts\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
