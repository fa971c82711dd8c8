//! The settings of the service: see [`catalogue`] for the list.

pub(crate) mod catalogue;
mod effective;
mod flags;
mod keys;
mod setting;
mod sources;

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretSlice};
use wts_adapter_db::ReadSettings;
use wts_adapter_http::{HttpSettings, RateLimits};

pub(crate) use self::flags::Flags;
use self::{
    catalogue::{
        ADDRESS_RATE_LIMIT, CALLER_RATE_LIMIT, CORS_ORIGINS, DATABASE_CONNECTIONS,
        DATABASE_READ_URLS, DEFAULT_ORDER, KEEP_ALIVE, LOG, LOG_FORMAT, MAX_CONNECTIONS,
        MAX_IN_FLIGHT, MAX_LONG_LIVED, MAX_WAIT, OTLP_ENDPOINT, OTLP_SAMPLING, RECHECK_ACCESS,
        REPLICA_MAX_LAG, REQUEST_TIMEOUT, SHUTDOWN_DELAY, SHUTDOWN_TIMEOUT, SIGN_IN_URL,
        STATEMENT_TIMEOUT, TOKEN_STORAGE_KEY, TRUSTED_PROXIES,
    },
    setting::{Declaration, DefaultValue, Setting},
    sources::{Sources, invisible_edge},
};
use crate::otel::{AccessLogSpanLayer, OtelExporter};

/// The time after the statement timeout at which the connection is closed, if the statement has not been cancelled.
const CANCEL_TIMEOUT: Duration = Duration::from_millis(500);

/// The given settings. A setting is parsed when it is read, so an invalid setting fails only the commands that read it.
pub(crate) struct Settings {
    sources: Sources,
}

impl Settings {
    /// Collects the settings from the flags, the environment and the settings file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read or contains an unknown setting.
    pub(crate) fn read(flags: &Flags, file: Option<&Path>) -> anyhow::Result<Self> {
        let sources = Sources::read(&flags.0, std::env::vars_os(), file)?;
        Ok(Self { sources })
    }

    /// Returns the value of a setting: the given value, or else the default, or else `None`.
    ///
    /// # Errors
    ///
    /// Returns an error if the given value is invalid. The error contains the origin and the expected form.
    pub(crate) fn get<T>(&self, setting: &Setting<T>) -> anyhow::Result<Option<T>> {
        match (self.given(setting)?, setting.default) {
            (Some((value, origin)), _) => {
                let value = value.expose_secret();
                let parsed = (setting.parse)(value);
                parsed
                    .map(Some)
                    .map_err(|error| anyhow::anyhow!("{origin}: {}", setting.explain(error, value)))
            }
            (None, DefaultValue::Value(default)) => Ok((setting.parse)(default.as_bytes()).ok()),
            (None, DefaultValue::Unset(_)) => Ok(None),
        }
    }

    /// Returns the value of a required setting.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Settings::get`], and an error if the setting has no value.
    pub(crate) fn require<T>(&self, setting: &Setting<T>) -> anyhow::Result<T> {
        self.get(setting)?.with_context(|| {
            let (variable, expected) = (setting.variable(), setting.expected);
            let or_its_file = if setting.is_secret() {
                format!(", nor is {variable}_FILE")
            } else {
                String::new()
            };
            format!("{variable} is not set{or_its_file}: expected {expected}")
        })
    }

    /// Returns the origin of a setting for error messages, or the name of its variable if it was not given.
    pub(crate) fn origin(&self, setting: &Declaration) -> String {
        self.given(setting)
            .ok()
            .flatten()
            .map_or_else(|| setting.variable(), |(_, origin)| origin)
    }

    /// Starts the log with the settings for it.
    pub(crate) fn start_logging(&self) -> anyhow::Result<()> {
        self.start_logging_with(None)
    }

    /// Starts the log. Access log records are also passed to `spans`.
    pub(crate) fn start_logging_with(
        &self,
        spans: Option<AccessLogSpanLayer>,
    ) -> anyhow::Result<()> {
        crate::logging::start(self.require(&LOG)?, self.require(&LOG_FORMAT)?, spans)
            .with_context(|| self.origin(&LOG))?;
        for origin in self.ignored() {
            tracing::warn!("ignored the retired setting {origin}");
        }
        Ok(())
    }

    /// Creates the exporter of spans, or returns `None` if no collector is configured.
    pub(crate) fn otel_exporter(&self) -> anyhow::Result<Option<OtelExporter>> {
        let ratio = self.require(&OTLP_SAMPLING)?;
        let Some(collector) = self.get(&OTLP_ENDPOINT)? else {
            return Ok(None);
        };
        let exporter = OtelExporter::new(&collector, ratio);
        exporter
            .map(Some)
            .with_context(|| self.origin(&OTLP_ENDPOINT))
    }

    /// Returns the settings of the HTTP server.
    pub(crate) fn http(&self) -> anyhow::Result<HttpSettings> {
        Ok(HttpSettings {
            default_order: self.require(&DEFAULT_ORDER)?,
            cors_origins: self.get(&CORS_ORIGINS)?.unwrap_or_default(),
            sign_in_url: self.get(&SIGN_IN_URL)?,
            token_storage_key: self.require(&TOKEN_STORAGE_KEY)?,
            rate_limits: RateLimits {
                per_caller: self.require(&CALLER_RATE_LIMIT)?,
                per_address: self.require(&ADDRESS_RATE_LIMIT)?,
            },
            trusted_proxies: self.get(&TRUSTED_PROXIES)?.unwrap_or_default(),
            max_connections: self.require(&MAX_CONNECTIONS)?,
            max_in_flight: self.require(&MAX_IN_FLIGHT)?,
            max_long_lived: self.get(&MAX_LONG_LIVED)?,
            max_wait: self.require(&MAX_WAIT)?,
            request_timeout: self.require(&REQUEST_TIMEOUT)?,
            keep_alive: self.require(&KEEP_ALIVE)?,
            shutdown_delay: self.require(&SHUTDOWN_DELAY)?,
            shutdown_timeout: self.require(&SHUTDOWN_TIMEOUT)?,
            ..HttpSettings::default()
        })
    }

    /// Returns the settings of the database connections.
    pub(crate) fn reading(&self) -> anyhow::Result<ReadSettings> {
        let statement_timeout = self.require(&STATEMENT_TIMEOUT)?;
        Ok(ReadSettings {
            connections: self.get(&DATABASE_CONNECTIONS)?,
            statement_timeout,
            // No request takes longer than this.
            long_statement_timeout: self.require(&REQUEST_TIMEOUT)?,
            answer_timeout: statement_timeout + CANCEL_TIMEOUT,
            ranks: self.require(&RECHECK_ACCESS)?,
            replicas: self.get(&DATABASE_READ_URLS)?.unwrap_or_default(),
            replica_max_lag: self.require(&REPLICA_MAX_LAG)?,
            ..ReadSettings::default()
        })
    }

    /// Returns the given value of a setting and its origin. For a secret, the value can be read from a file.
    fn given(&self, setting: &Declaration) -> anyhow::Result<Option<(SecretSlice<u8>, String)>> {
        let file = setting.file_name();
        let file = file.and_then(|name| self.sources.get(&name));
        match (self.sources.get(setting.name), file) {
            (None, None) => Ok(None),
            (Some(direct), Some(file)) => bail!(
                "{} and {} are both set: expected one",
                direct.origin,
                file.origin
            ),
            (Some(direct), None) => {
                let value = direct.value.expose_secret().as_bytes().to_vec();
                Ok(Some((value.into(), direct.origin.clone())))
            }
            (None, Some(file)) => {
                let path = file.value.expose_secret();
                let mut secret = fs::read(path)
                    .with_context(|| format!("{}: cannot read {path}", file.origin))?;
                // Editors and `echo` add a newline at the end of a file, which is not part of the secret.
                if secret.pop_if(|end| *end == b'\n').is_some() {
                    secret.pop_if(|end| *end == b'\r');
                }
                if let Some(found) = invisible_edge(&secret) {
                    bail!(
                        "{}: expected no white space around the content of {path}, found {found}",
                        file.origin
                    );
                }
                Ok(Some((secret.into(), file.origin.clone())))
            }
        }
    }
}

#[cfg(test)]
mod tests;
