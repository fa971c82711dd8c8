//! A sign-in service with a key pair, and a key server.

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
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// A sign-in service that signs tokens with its own ES256 key.
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

    /// Returns the key set of these issuers.
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

/// A placeholder for a key set: the server does not respond.
const NO_RESPONSE: &str = "silence";

/// A key server that publishes a key set.
pub(crate) struct Published {
    scheme: &'static str,
    address: SocketAddr,
    set: Arc<Mutex<String>>,
    request_count: Arc<AtomicUsize>,
}

impl Published {
    pub(crate) fn new(set: &str) -> Self {
        Self::over(None, set)
    }

    /// Starts a key server with TLS and a certificate for `localhost`. Also returns the certificate of the authority, in PEM.
    pub(crate) fn over_tls(set: &str) -> (Self, String) {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, authority).expect("a certificate");
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])
            .expect("a name")
            .signed_by(&key, &authority)
            .expect("a certificate");
        let key = key.serialize_der().try_into().expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a certificate and its key");
        (Self::over(Some(Arc::new(config)), set), authority.pem())
    }

    fn over(tls: Option<Arc<ServerConfig>>, set: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let published = Self {
            scheme: if tls.is_some() { "https" } else { "http" },
            address: listener.local_addr().expect("an address"),
            set: Arc::new(Mutex::new(set.to_owned())),
            request_count: Arc::default(),
        };
        let (set, request_count) = (
            Arc::clone(&published.set),
            Arc::clone(&published.request_count),
        );
        thread::spawn(move || {
            let mut unanswered = Vec::new();
            for client in listener.incoming().flatten() {
                request_count.fetch_add(1, Ordering::SeqCst);
                let set = set.lock().expect("the lock is not poisoned").clone();
                match &tls {
                    // For an empty set, the server closes the connection.
                    _ if set.is_empty() => {}
                    _ if set == NO_RESPONSE => unanswered.push(client),
                    Some(config) => {
                        let tls = ServerConnection::new(Arc::clone(config)).expect("a connection");
                        send_key_set(StreamOwned::new(tls, client), &set);
                    }
                    None => send_key_set(client, &set),
                }
            }
        });
        published
    }

    pub(crate) fn url(&self) -> String {
        let (scheme, port) = (self.scheme, self.address.port());
        format!("{scheme}://localhost:{port}/jwks.json")
    }

    /// Publishes another key set. If it is empty, the server closes connections without a response.
    pub(crate) fn publish(&self, set: &str) {
        set.clone_into(&mut self.set.lock().expect("the lock is not poisoned"));
    }

    /// Makes the server keep connections open without a response.
    pub(crate) fn stop_responding(&self) {
        self.publish(NO_RESPONSE);
    }

    pub(crate) fn request_count(&self) -> usize {
        self.request_count.load(Ordering::SeqCst)
    }
}

fn send_key_set(mut client: impl Read + Write, set: &str) {
    if client.read(&mut [0; 4096]).is_ok() {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", set.len());
        let _ = client.write_all((head + set).as_bytes());
        let _ = client.flush();
    }
}
