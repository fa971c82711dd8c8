//! The settings in effect, for `wts config` and `wts doctor`.

use std::{fs, path::PathBuf};

use secrecy::ExposeSecret;
use wts_adapter_http::{Key, SymmetricKeys};

use super::{
    Settings,
    catalogue::{ALL, JWT_JWKS_FILE, JWT_PUBLIC_KEYS_FILE},
    setting::{Declaration, DefaultValue},
};

impl Settings {
    /// Returns every setting in the order of the reference. A valid setting has a line for a settings file, with its
    /// redacted value and a comment on its origin. An invalid setting has an error.
    pub(crate) fn effective(
        &self,
    ) -> impl Iterator<Item = (&'static Declaration, Result<String, String>)> {
        ALL.iter().map(|setting| (*setting, self.line(setting)))
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

    /// Returns the origins of the retired settings that were given and are ignored.
    pub(crate) fn ignored(&self) -> &[String] {
        &self.sources.ignored
    }

    /// Returns the settings file and the files of secrets and keys. Each has a flag that is `true` if the file contains
    /// a secret.
    pub(crate) fn files(&self) -> Vec<(PathBuf, bool)> {
        let secrets = ALL
            .iter()
            .filter_map(|setting| self.sources.get(&setting.file_name()?))
            .map(|file| (file.value.expose_secret().into(), true));
        let keys = [&JWT_PUBLIC_KEYS_FILE, &JWT_JWKS_FILE]
            .into_iter()
            .filter_map(|setting| self.get(setting).ok().flatten())
            .map(|path| {
                let is_secret = fs::read(&path).is_ok_and(|keys| holds_secrets(&keys));
                (path, is_secret)
            });
        let settings = self.sources.file.clone();
        secrets.chain(keys).chain(settings).collect()
    }
}

/// Returns whether a key set is valid and contains symmetric keys.
fn holds_secrets(jwks: &[u8]) -> bool {
    Key::from_jwks(jwks, SymmetricKeys::Allowed).is_ok()
        && Key::from_jwks(jwks, SymmetricKeys::Rejected).is_err()
}
