//! TLS connections to PostgreSQL: certificate authorities and certificate verification.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{
    CertificateDer,
    pem::{self, PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The characters that are percent-encoded in a URL parameter.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'&').add(b'#').add(b'+');

/// The TLS configuration of a connection. The certificate of the server and its host name are verified.
#[derive(Clone)]
pub(crate) struct Tls {
    /// The PEM file with the trusted certificate authorities; `None` for those that the system trusts.
    authorities: Option<PathBuf>,
    /// The connector, which is created for the first connection and shared by all connections.
    connector: Arc<OnceLock<MakeRustlsConnect>>,
}

impl Tls {
    pub(super) fn new(authorities: Option<PathBuf>) -> Self {
        Self {
            authorities,
            connector: Arc::default(),
        }
    }

    pub(crate) fn connector(&self) -> Result<MakeRustlsConnect, TlsError> {
        if let Some(made) = self.connector.get() {
            return Ok(made.clone());
        }
        let made = MakeRustlsConnect::new(self.config()?);
        Ok(self.connector.get_or_init(|| made).clone())
    }

    fn config(&self) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(self.roots()?)
            .with_no_client_auth())
    }

    fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        if let Some(file) = &self.authorities {
            for authority in read(file).map_err(|error| unreadable(file, &error))? {
                roots
                    .add(authority)
                    .map_err(|error| unreadable(file, &error))?;
            }
            if roots.is_empty() {
                return Err(unreadable(file, &"the file contains no certificate"));
            }
        } else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(TlsError::NoAuthorities);
            }
        }
        Ok(roots)
    }
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    CertificateDer::pem_file_iter(file)?.collect()
}

fn unreadable(file: &Path, why: &dyn fmt::Display) -> TlsError {
    TlsError::Authorities(file.to_owned(), why.to_string())
}

impl fmt::Display for Tls {
    /// Formats the configuration as the parameters of a URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("?sslmode=verify-full")?;
        match &self.authorities {
            Some(file) => {
                let file = file.to_string_lossy();
                write!(f, "&sslrootcert={}", utf8_percent_encode(&file, ESCAPED))
            }
            None => Ok(()),
        }
    }
}

/// The error if TLS cannot be configured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("sslrootcert: cannot read certificates from {path}: {1}", path = .0.display())]
    Authorities(PathBuf, String),
    #[error(
        "this system trusts no certificate authority (Debian: install ca-certificates, or name a file in sslrootcert)"
    )]
    NoAuthorities,
    #[error(transparent)]
    Protocol(#[from] rustls::Error),
}
