//! A sign-in service with a key pair.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use aws_lc_rs::{
    encoding::AsDer,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

/// It signs with ES256, under a `kid` of its own.
pub(crate) struct Issuer {
    kid: String,
    pair: EcdsaKeyPair,
}

impl Issuer {
    pub(crate) fn new(kid: &str) -> Self {
        Self {
            kid: kid.to_owned(),
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"),
        }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        let key = jsonwebtoken::EncodingKey::from_ec_der(&self.private_der());
        jsonwebtoken::encode(&header, claims, &key).expect("claims can be signed")
    }

    pub(crate) fn pem(&self) -> String {
        pem(
            "PUBLIC KEY",
            self.pair.public_key().as_der().expect("DER").as_ref(),
        )
    }

    pub(crate) fn private_pem(&self) -> String {
        pem("PRIVATE KEY", &self.private_der())
    }

    /// The key set of all these.
    pub(crate) fn jwks(issuers: &[&Self]) -> String {
        let keys: Vec<_> = issuers.iter().map(|issuer| issuer.jwk()).collect();
        json!({ "keys": keys }).to_string()
    }

    fn jwk(&self) -> Value {
        let (_, point) = self.pair.public_key().as_ref().split_at(1);
        let (x, y) = point.split_at(32);
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid, "x": part(x), "y": part(y)})
    }

    fn private_der(&self) -> Vec<u8> {
        self.pair.to_pkcs8v1().expect("DER").as_ref().to_vec()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

/// A key set on the web.
pub(crate) struct Published {
    address: SocketAddr,
    set: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Published {
    pub(crate) fn new(set: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let published = Self {
            address: listener.local_addr().expect("an address"),
            set: Arc::new(Mutex::new(set.to_owned())),
            asked: Arc::default(),
        };
        let (set, asked) = (Arc::clone(&published.set), Arc::clone(&published.asked));
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                asked.fetch_add(1, Ordering::SeqCst);
                let set = set.lock().expect("nobody panicked").clone();
                // Whoever publishes nothing hangs up.
                if !set.is_empty() && client.read(&mut [0; 4096]).is_ok() {
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", set.len());
                    let _ = client.write_all((head + &set).as_bytes());
                }
            }
        });
        published
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/jwks.json", self.address)
    }

    /// From now on this set, or nothing if it is empty.
    pub(crate) fn publish(&self, set: &str) {
        set.clone_into(&mut self.set.lock().expect("nobody panicked"));
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
