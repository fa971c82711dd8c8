//! The sources of key sets: files and key servers.

use std::{fmt, fs, io, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use tokio::task::spawn_blocking;
use ureq::{
    Agent,
    config::Config,
    http::{StatusCode, Uri},
    tls::{Certificate, RootCerts, TlsConfig},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

use crate::token::key::{InvalidKey, Key, SymmetricKeys};

/// The timeout for a complete response of a key server, including name resolution and the TLS handshake.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
/// The maximum length of a key set. Key sets of large providers, which include certificates, have a tenth of this
/// length.
const MAX_KEY_SET_BYTES: u64 = 256 * 1024;

/// The source of a JSON Web Key Set (RFC 7517).
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A file, which can contain secrets.
    File(PathBuf),
    /// A key server, whose set must contain public keys only.
    Url(KeySetUrl),
}

impl KeySource {
    pub(super) async fn read(&self) -> Result<Vec<Key>, KeySourceError> {
        let source = self.clone();
        spawn_blocking(move || source.read_blocking())
            .await
            .unwrap_or_else(|_panic| Err(KeySourceError::Panicked))
    }

    fn read_blocking(&self) -> Result<Vec<Key>, KeySourceError> {
        let keys = match self {
            Self::File(path) => {
                let json =
                    fs::read(path).map_err(|error| KeySourceError::File(path.clone(), error))?;
                Key::from_jwks(&json, SymmetricKeys::Allowed)
            }
            Self::Url(url) => {
                let json = url
                    .fetch()
                    .map_err(|error| KeySourceError::Url(url.clone(), Box::new(error)))?;
                Key::from_jwks(&json, SymmetricKeys::Rejected)
            }
        };
        keys.map_err(|error| KeySourceError::Keys(self.to_string(), error))
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => url.fmt(f),
        }
    }
}

/// The URL of a key set: `https`, or `http` on this machine, so that the keys cannot be changed in transit.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySetUrl(Uri);

impl KeySetUrl {
    /// Fetches the key set with one request. A redirect is an error.
    fn fetch(&self) -> Result<Vec<u8>, ureq::Error> {
        let config = Agent::config_builder()
            .timeout_global(Some(FETCH_TIMEOUT))
            .max_redirects(0)
            .max_idle_connections(0)
            .user_agent("wts")
            .accept("application/jwk-set+json, application/json")
            .tls_config(tls());
        let agent = if is_loopback(&self.0) {
            // Without TLS, a proxy from the environment could respond in place of the key server.
            let config = config.proxy(None).build();
            Agent::with_parts(config, DefaultConnector::default(), LoopbackResolver)
        } else {
            config.https_only(true).build().into()
        };
        let mut response = agent.get(self.0.to_string()).call()?;
        if response.status() != StatusCode::OK {
            return Err(ureq::Error::StatusCode(response.status().as_u16()));
        }
        response
            .body_mut()
            .with_config()
            .limit(MAX_KEY_SET_BYTES)
            .read_to_vec()
    }
}

/// Returns the TLS configuration with the certificate authorities of the system. They are read for each request,
/// because they can change.
fn tls() -> TlsConfig {
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots = roots
        .iter()
        .map(|root| Certificate::from_der(root).to_owned())
        .collect();
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build()
}

fn is_loopback(uri: &Uri) -> bool {
    matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// A resolver that returns loopback addresses only. Other addresses are ignored.
#[derive(Debug)]
pub(super) struct LoopbackResolver;

impl Resolver for LoopbackResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        for address in &DefaultResolver::default().resolve(uri, config, timeout)? {
            if address.ip().is_loopback() {
                addresses.push(*address);
            }
        }
        (!addresses.is_empty())
            .then_some(addresses)
            .ok_or(ureq::Error::HostNotFound)
    }
}

impl FromStr for KeySetUrl {
    type Err = InvalidKeySetUrl;

    fn from_str(text: &str) -> Result<Self, InvalidKeySetUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidKeySetUrl)?;
        let is_private = match uri.scheme_str() {
            Some("https") => uri.host().is_some_and(|host| !host.is_empty()),
            Some("http") => is_loopback(&uri),
            _ => false,
        };
        // A username or password would be written to the log.
        let has_user = uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'));
        (is_private && !has_user)
            .then_some(Self(uri))
            .ok_or(InvalidKeySetUrl)
    }
}

/// Writes the URL without its query, because a query can contain a secret.
impl fmt::Display for KeySetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.scheme_str().unwrap_or_default();
        let authority = self
            .0
            .authority()
            .map_or("", |authority| authority.as_str());
        write!(f, "{scheme}://{authority}{}", self.0.path())
    }
}

impl fmt::Debug for KeySetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The error for a string that is not the URL of a key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected https://… without a user, or http://… on this machine")]
pub struct InvalidKeySetUrl;

/// The reason why a source of keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the texts are the documentation")]
pub enum KeySourceError {
    #[error("cannot read {path}: {1}", path = .0.display())]
    File(PathBuf, io::Error),
    #[error("cannot fetch {0}: {1}")]
    Url(KeySetUrl, Box<ureq::Error>),
    #[error("{0}: {1}")]
    Keys(String, InvalidKey),
    #[error(transparent)]
    TooMany(InvalidKey),
    #[error("reading the key source panicked")]
    Panicked,
}

impl KeySourceError {
    /// Returns whether a retry may succeed without a change of the settings.
    pub fn is_transient(&self) -> bool {
        let Self::Url(_, error) = self else {
            return false;
        };
        match &**error {
            // An invalid certificate is reported as `InvalidData`.
            ureq::Error::Io(error) => error.kind() != io::ErrorKind::InvalidData,
            ureq::Error::StatusCode(status) => *status >= 500,
            ureq::Error::Timeout(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
                true
            }
            _ => false,
        }
    }
}
