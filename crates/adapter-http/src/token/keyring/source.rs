//! Where key sets come from.

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

/// How long a server may take for its whole response, name resolution and handshake included.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
/// Key sets of large providers, with certificates, have a tenth of it.
const MAX_KEY_SET_BYTES: u64 = 256 * 1024;

/// Where a JSON Web Key Set (RFC 7517) comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A file, which may hold secrets.
    File(PathBuf),
    /// A server, which may not.
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

/// The address of a key set: `https`, or `http` on this machine, so that no key can be put in on the way.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySetUrl(Uri);

impl KeySetUrl {
    /// Sends one request. A redirection is an error.
    fn fetch(&self) -> Result<Vec<u8>, ureq::Error> {
        let config = Agent::config_builder()
            .timeout_global(Some(FETCH_TIMEOUT))
            .max_redirects(0)
            .max_idle_connections(0)
            .user_agent("wts")
            .accept("application/jwk-set+json, application/json")
            .tls_config(tls());
        let agent = if is_loopback(&self.0) {
            // Without TLS a proxy out of the environment could answer for the key server.
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

/// The authorities are those of the system, read each time: they change too.
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

/// Resolves names to loopback addresses only, and rejects others from the name server.
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
        // A password would end up in the log.
        let has_user = uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'));
        (is_private && !has_user)
            .then_some(Self(uri))
            .ok_or(InvalidKeySetUrl)
    }
}

/// Without the query, in which a key server may want to have a secret.
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

/// Not the address of a key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected https://… without a user, or http://… on this machine")]
pub struct InvalidKeySetUrl;

/// Why a source could not be read.
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
    Together(InvalidKey),
    #[error("reading panicked")]
    Panicked,
}

impl KeySourceError {
    /// Whether the next attempt may succeed without a change of settings.
    pub fn is_transient(&self) -> bool {
        let Self::Url(_, error) = self else {
            return false;
        };
        match &**error {
            // An invalid certificate is reported as invalid data.
            ureq::Error::Io(error) => error.kind() != io::ErrorKind::InvalidData,
            ureq::Error::StatusCode(status) => *status >= 500,
            ureq::Error::Timeout(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
                true
            }
            _ => false,
        }
    }
}
