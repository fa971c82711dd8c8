//! The files that settings come from.

use std::{fs, path::PathBuf};

use secrecy::ExposeSecret;
use wts_adapter_http::{Key, SymmetricKeys};

use super::{
    Settings,
    catalogue::{ALL, JWT_JWKS_FILE, JWT_PUBLIC_KEYS_FILE},
};

/// A file that the service believes.
pub(crate) struct TrustedFile {
    pub(crate) path: PathBuf,
    /// Whether there is a secret in it.
    pub(crate) is_secret: bool,
}

impl Settings {
    /// The settings file, and those that secrets and keys are read from.
    pub(crate) fn files(&self) -> Vec<TrustedFile> {
        let secrets = ALL
            .iter()
            .filter(|setting| setting.is_secret())
            .filter_map(|setting| self.sources.get(&format!("{}_file", setting.name())))
            .map(|file| TrustedFile {
                path: file.value.expose_secret().into(),
                is_secret: true,
            });
        let keys = [&JWT_PUBLIC_KEYS_FILE, &JWT_JWKS_FILE]
            .into_iter()
            .filter_map(|setting| self.get(setting).ok().flatten())
            .map(|path| TrustedFile {
                is_secret: fs::read(&path).is_ok_and(|keys| holds_secrets(&keys)),
                path,
            });
        let settings = self.sources.file().map(|(path, is_secret)| TrustedFile {
            path: path.to_owned(),
            is_secret,
        });
        secrets.chain(keys).chain(settings).collect()
    }
}

/// Whether these are good keys, and shared ones among them.
fn holds_secrets(jwks: &[u8]) -> bool {
    Key::from_jwks(jwks, SymmetricKeys::Allowed).is_ok()
        && Key::from_jwks(jwks, SymmetricKeys::Rejected).is_err()
}
