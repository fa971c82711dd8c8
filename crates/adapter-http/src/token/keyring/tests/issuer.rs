//! A sign-in service for tests, with a key server whose response can be set.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

use super::{super::KeySource, base64url};

/// The response of the key server to the next requests.
#[derive(Clone)]
pub(super) enum KeyServerResponse {
    Keys(Vec<String>),
    Body(String),
    Status(u16),
    Redirect,
    CloseConnection,
    NoResponse,
}

impl KeyServerResponse {
    pub(super) fn keys(kids: &[&str]) -> Self {
        Self::Keys(kids.iter().map(ToString::to_string).collect())
    }
}

/// A sign-in service with a key pair for every `kid`, and a key server.
pub(super) struct Issuer {
    address: SocketAddr,
    state: Arc<IssuerState>,
}

struct IssuerState {
    pairs: Mutex<HashMap<String, Arc<Ed25519KeyPair>>>,
    response: Mutex<KeyServerResponse>,
    request_count: AtomicUsize,
}

impl IssuerState {
    fn pair(&self, kid: &str) -> Arc<Ed25519KeyPair> {
        let mut pairs = self.pairs.lock().unwrap();
        let pair = pairs
            .entry(kid.to_owned())
            .or_insert_with(|| Arc::new(Ed25519KeyPair::generate().unwrap()));
        Arc::clone(pair)
    }

    fn key_set<'a>(&self, kids: impl IntoIterator<Item = &'a str>) -> String {
        let keys: Vec<_> = kids
            .into_iter()
            .map(|kid| {
                let x = base64url(self.pair(kid).public_key());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x})
            })
            .collect();
        json!({ "keys": keys }).to_string()
    }

    fn serve(&self, mut client: TcpStream) {
        let _ = client.read(&mut [0; 4096]);
        self.request_count.fetch_add(1, Ordering::SeqCst);
        let response = self.response.lock().unwrap().clone();
        let (status, body) = match &response {
            KeyServerResponse::Keys(kids) => (200, self.key_set(kids.iter().map(String::as_str))),
            KeyServerResponse::Body(body) => (200, body.clone()),
            KeyServerResponse::Status(status) => (*status, self.key_set(["c"])),
            KeyServerResponse::Redirect => (302, self.key_set(["c"])),
            KeyServerResponse::CloseConnection => return,
            KeyServerResponse::NoResponse => return thread::sleep(Duration::from_secs(10)),
        };
        let _ = write!(
            client,
            "HTTP/1.1 {status} OK\r\nLocation: /elsewhere\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
    }
}

impl Issuer {
    pub(super) fn start(response: KeyServerResponse) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(IssuerState {
            pairs: Mutex::default(),
            response: Mutex::new(response),
            request_count: AtomicUsize::new(0),
        });
        let serving = Arc::downgrade(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                let Some(state) = serving.upgrade() else {
                    return;
                };
                thread::spawn(move || state.serve(client.unwrap()));
            }
        });
        Self { address, state }
    }

    pub(super) fn source(&self) -> KeySource {
        let url = format!("http://{}/jwks.json", self.address);
        KeySource::Url(url.parse().unwrap())
    }

    pub(super) fn set_response(&self, response: KeyServerResponse) {
        *self.state.response.lock().unwrap() = response;
    }

    /// Returns the number of requests that the key server has received.
    pub(super) fn request_count(&self) -> usize {
        self.state.request_count.load(Ordering::SeqCst)
    }

    pub(super) fn key_set(&self, kids: &[&str]) -> String {
        self.state.key_set(kids.iter().copied())
    }

    /// Returns a token signed with the key that has this `kid`.
    pub(super) fn token(&self, kid: &str, exp: i64) -> String {
        let header = json!({"alg": "EdDSA", "kid": kid}).to_string();
        let claims = json!({"sid": "1", "access": "user", "exp": exp}).to_string();
        let message = format!("{}.{}", base64url(header), base64url(claims));
        let signature = self.state.pair(kid).sign(message.as_bytes());
        format!("{message}.{}", base64url(signature))
    }
}
