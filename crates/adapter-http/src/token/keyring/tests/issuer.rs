//! A sign-in service that publishes its keys, more or less well.

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

/// The response of the key server.
#[derive(Clone)]
pub(super) enum Answer {
    Keys(Vec<String>),
    Body(String),
    Status(u16),
    Redirection,
    HangUp,
    Silence,
}

impl Answer {
    pub(super) fn keys(kids: &[&str]) -> Self {
        Self::Keys(kids.iter().map(ToString::to_string).collect())
    }
}

/// It has a key pair for every name.
pub(super) struct Issuer {
    address: SocketAddr,
    inside: Arc<Inside>,
}

struct Inside {
    pairs: Mutex<HashMap<String, Arc<Ed25519KeyPair>>>,
    answer: Mutex<Answer>,
    asked: AtomicUsize,
}

impl Inside {
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
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answer.lock().unwrap().clone();
        let (status, body) = match &answer {
            Answer::Keys(kids) => (200, self.key_set(kids.iter().map(String::as_str))),
            Answer::Body(body) => (200, body.clone()),
            Answer::Status(status) => (*status, self.key_set(["c"])),
            Answer::Redirection => (302, self.key_set(["c"])),
            Answer::HangUp => return,
            Answer::Silence => return thread::sleep(Duration::from_secs(10)),
        };
        let _ = write!(
            client,
            "HTTP/1.1 {status} OK\r\nLocation: /elsewhere\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
    }
}

impl Issuer {
    pub(super) fn serving(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Inside {
            pairs: Mutex::default(),
            answer: Mutex::new(answer),
            asked: AtomicUsize::new(0),
        });
        let serving = Arc::downgrade(&inside);
        thread::spawn(move || {
            for client in listener.incoming() {
                let Some(inside) = serving.upgrade() else {
                    return;
                };
                thread::spawn(move || inside.serve(client.unwrap()));
            }
        });
        Self { address, inside }
    }

    pub(super) fn source(&self) -> KeySource {
        let url = format!("http://{}/jwks.json", self.address);
        KeySource::Url(url.parse().unwrap())
    }

    pub(super) fn answer(&self, answer: Answer) {
        *self.inside.answer.lock().unwrap() = answer;
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> usize {
        self.inside.asked.load(Ordering::SeqCst)
    }

    pub(super) fn key_set(&self, kids: &[&str]) -> String {
        self.inside.key_set(kids.iter().copied())
    }

    /// A token under the key with this name.
    pub(super) fn token(&self, kid: &str, exp: i64) -> String {
        let header = json!({"alg": "EdDSA", "kid": kid}).to_string();
        let claims = json!({"sid": "1", "access": "user", "exp": exp}).to_string();
        let message = format!("{}.{}", base64url(header), base64url(claims));
        let signature = self.inside.pair(kid).sign(message.as_bytes());
        format!("{message}.{}", base64url(signature))
    }
}
