//! What an operator decides, in one typed place.

mod sources;

use std::{fs, net::SocketAddr, path::Path, str::FromStr};

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretSlice};
use tracing_appender::non_blocking::WorkerGuard;
use wts_adapter_db::DatabaseUrl;
use wts_adapter_http::{Order, TokenSettings};

use self::sources::Sources;

/// Every setting, as it is called in a settings file. In the environment `listen` is `WTS_LISTEN`.
const NAMES: [&str; 9] = [
    "database_url",
    "database_url_file",
    "default_order",
    "jwt_audience",
    "jwt_issuer",
    "jwt_secret",
    "jwt_secret_file",
    "listen",
    "log",
];

/// The settings that were given. Each is read when it is asked for, so that a command fails only over those it needs.
pub(crate) struct Settings {
    sources: Sources,
}

impl Settings {
    /// Collects the environment and the settings file, if there is one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or either holds a setting that does not exist.
    pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let sources = Sources::read(std::env::vars_os(), file)?;
        Ok(Self { sources })
    }

    /// `WTS_DATABASE_URL`.
    pub(crate) fn database_url(&self) -> anyhow::Result<DatabaseUrl> {
        const EXPECTED: &str = "postgres://USER:PASSWORD@HOST:PORT/DATABASE or sqlite:PATH";
        let (url, origin) = self
            .secret("database_url")?
            .with_context(|| format!("WTS_DATABASE_URL is not set: expected {EXPECTED}"))?;
        let text = str::from_utf8(url.expose_secret())
            .with_context(|| format!("{origin}: expected {EXPECTED}"))?;
        text.parse().context(origin)
    }

    /// `WTS_LISTEN`.
    pub(crate) fn listen(&self) -> anyhow::Result<SocketAddr> {
        let given = self.parsed("listen", "ADDRESS:PORT, such as 127.0.0.1:8080")?;
        Ok(given.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))))
    }

    /// `WTS_DEFAULT_ORDER`.
    pub(crate) fn default_order(&self) -> anyhow::Result<Order> {
        Ok(self
            .parsed("default_order", "asc or desc")?
            .unwrap_or(Order::Asc))
    }

    /// `WTS_LOG`. Logging ends when what is returned is dropped.
    pub(crate) fn start_logging(&self) -> anyhow::Result<WorkerGuard> {
        match self.sources.get("log") {
            Some(given) => crate::logging::start(given.value.expose_secret())
                .with_context(|| given.origin.clone()),
            None => crate::logging::start("info"),
        }
    }

    /// `WTS_JWT_SECRET`, `WTS_JWT_ISSUER` and `WTS_JWT_AUDIENCE`, and where the secret came from.
    pub(crate) fn token(&self) -> anyhow::Result<(TokenSettings, String)> {
        let (secret, origin) = self.secret("jwt_secret")?.context(
            "WTS_JWT_SECRET is not set, nor is WTS_JWT_SECRET_FILE: expected the HS256 secret that tokens are signed \
             with, 32 bytes or more",
        )?;
        let settings = TokenSettings {
            secret,
            issuer: self.text("jwt_issuer"),
            audience: self.text("jwt_audience"),
        };
        Ok((settings, origin))
    }

    fn text(&self, name: &str) -> Option<String> {
        Some(self.sources.get(name)?.value.expose_secret().to_owned())
    }

    fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> anyhow::Result<Option<T>> {
        let Some(given) = self.sources.get(name) else {
            return Ok(None);
        };
        let text = given.value.expose_secret();
        let value = text
            .parse()
            .map_err(|_| anyhow::anyhow!("{}: expected {expected}, not {text:?}", given.origin))?;
        Ok(Some(value))
    }

    /// A secret and where it came from: the setting `name`, or the file that `name` + `_file` names.
    fn secret(&self, name: &str) -> anyhow::Result<Option<(SecretSlice<u8>, String)>> {
        match (
            self.sources.get(name),
            self.sources.get(&format!("{name}_file")),
        ) {
            (None, None) => Ok(None),
            (Some(direct), Some(file)) => bail!(
                "{} and {} are both set: expected one",
                direct.origin,
                file.origin
            ),
            (Some(direct), None) => {
                let secret = direct.value.expose_secret().as_bytes().to_vec();
                Ok(Some((secret.into(), direct.origin.clone())))
            }
            (None, Some(file)) => {
                let path = file.value.expose_secret();
                let mut secret = fs::read(path)
                    .with_context(|| format!("{}: cannot read {path}", file.origin))?;
                // Editors and `echo` end a file with a newline that is not meant.
                if secret.ends_with(b"\n") {
                    secret.pop();
                }
                Ok(Some((secret.into(), file.origin.clone())))
            }
        }
    }
}

#[cfg(test)]
mod tests;
