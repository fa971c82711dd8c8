//! The log records of panics, each in a process of its own, since the hook and the log belong to the process.
#![expect(
    clippy::print_stdout,
    reason = "what is printed is what the test looks at"
)]

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
use wts_app::{MockHistoryRepository, RankSource, UseCases};
use wts_domain::Access;

use crate::logging::{self, LogFormat};

/// The environment variable that is set in the process that panics.
const PANICS: &str = "WTS_TEST_PANICS";

/// Logs as the binary does while `work` panics somewhere.
fn logged(filter: &str, work: impl FnOnce()) {
    super::install_panic_hook();
    let filter = logging::filter(filter).unwrap();
    logging::start(filter, LogFormat::Json, None).unwrap();
    work();
    logging::end();
}

/// Returns the output of the test of this name in a process in which it panics.
fn said_by(name: &str) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args([&format!("panics::tests::{name}"), "--exact", "--nocapture"])
        .env(PANICS, "1")
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).into_owned()
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
    let said = said_by("panic_is_logged_with_its_location_and_not_its_message");
    assert!(
        said.contains("a thread panicked")
            && said.contains(r#""location":"crates/server/src/panics/tests.rs"#)
            && said.contains(r#""backtrace":""#),
        "{said}"
    );
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn panicking_request_logs_no_token_name_or_remark() {
    if env::var_os(PANICS).is_some() {
        return logged("trace", || print!("{}", panicking_request()));
    }
    let said = said_by("panicking_request_logs_no_token_name_or_remark");
    assert!(said.contains("HTTP/1.1 500 "), "{said}");
    assert!(said.contains("a thread panicked"), "{said}");
    assert!(said.contains("the request's handler panicked"), "{said}");
    for canary in ["canary", "eyJ", "金丝雀"] {
        assert!(!said.contains(canary), "{canary} in {said}");
    }
}

/// Lets the repository panic with a message that contains secrets and personal data, and returns the response.
#[tokio::main(flavor = "current_thread")]
async fn panicking_request() -> String {
    let secret = Secret::new(b"shared by this test and nobody else, 9 times".to_vec()).unwrap();
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
    let at_hand = format!("{token} of {identity:?}, with the remark 备注里的金丝雀");
    histories
        .expect_find()
        .returning(move |_| panic!("cannot read {at_hand}"));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let keys = Keyring::fixed(vec![Key::shared(&secret)]).unwrap();
    let service = wts_adapter_http::server(
        listener,
        UseCases::new(Arc::new(histories), RankSource::Token),
        TokenVerifier::new(keys, TokenSettings::default()),
        &HttpSettings::default(),
        &Health::default(),
        &HttpMetrics::default(),
    );
    let answer = tokio::task::spawn_blocking(move || ask(address, &token));
    let mut told = String::new();
    let ended = service.unwrap().run_until(async {
        told = answer.await.unwrap();
    });
    ended.await.unwrap();
    told
}

fn ask(address: SocketAddr, token: &str) -> String {
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
