//! The settings in effect, to be shown and checked.

use std::{fs, path::PathBuf};

use secrecy::ExposeSecret;
use wts_adapter_http::{Key, SymmetricKeys};

use super::{
    Settings,
    catalogue::{ALL, JWT_JWKS_FILE, JWT_PUBLIC_KEYS_FILE},
    setting::{Declaration, DefaultValue},
};

/// One setting in effect.
pub(crate) struct Effective {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    /// A line of a settings file with the redacted value and a comment on its origin, or the reason why the value cannot
    /// be used.
    pub(crate) line: Result<String, String>,
}

/// A file that the service trusts.
pub(crate) struct TrustedFile {
    pub(crate) path: PathBuf,
    pub(crate) is_secret: bool,
}

impl Settings {
    /// Returns every setting in effect, in the order of the reference.
    pub(crate) fn effective(&self) -> impl Iterator<Item = Effective> {
        ALL.iter().map(|setting| Effective {
            group: setting.group,
            name: setting.name,
            line: self.line(setting),
        })
    }

    fn line(&self, setting: &Declaration) -> Result<String, String> {
        let name = setting.name;
        let given = self.given(setting).map_err(|error| format!("{error:#}"))?;
        let (value, origin) = match (given, setting.default) {
            (Some((value, origin)), _) => (value, origin),
            (None, DefaultValue::Value(default)) => {
                (default.as_bytes().to_vec().into(), "default".to_owned())
            }
            (None, DefaultValue::Unset(meaning)) => {
                return Ok(format!("# {name} is not set: {meaning}"));
            }
        };
        let shown = setting
            .show(value.expose_secret())
            .map_err(|reason| format!("{origin}: {reason}"))?;
        Ok(format!(
            "{name} = {} # {origin}",
            toml::Value::String(shown)
        ))
    }

    /// Returns where settings of the past were given, which are ignored.
    pub(crate) fn ignored(&self) -> &[String] {
        self.sources.ignored()
    }

    /// Returns the settings file, and the files of secrets and keys.
    pub(crate) fn files(&self) -> Vec<TrustedFile> {
        let secrets = ALL
            .iter()
            .filter_map(|setting| self.sources.get(&setting.file_name()?))
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

/// Whether a key set is valid and has symmetric keys.
fn holds_secrets(jwks: &[u8]) -> bool {
    Key::from_jwks(jwks, SymmetricKeys::Allowed).is_ok()
        && Key::from_jwks(jwks, SymmetricKeys::Rejected).is_err()
}
