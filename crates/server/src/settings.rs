//! What an operator decides, in one typed place: see [`catalogue`].

pub(crate) mod catalogue;
mod effective;
mod files;
mod flags;
mod keys;
mod setting;
mod sources;

use std::{fs, path::Path};

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretSlice};
use wts_adapter_db::ReadSettings;
use wts_adapter_http::{HttpSettings, RateLimits};

pub(crate) use self::flags::Flags;
use self::{
    catalogue::{
        ADDRESS_RATE_LIMIT, ANSWER_TIMEOUT, CALLER_RATE_LIMIT, CONNECT_TIMEOUT, CORS_ORIGINS,
        DATABASE_CONNECTIONS, DATABASE_READ_URLS, DATABASE_TIMEOUT, DEFAULT_ORDER, HEAD_TIMEOUT,
        KEEP_ALIVE, LOG, LOG_FORMAT, MAX_CONNECTIONS, MAX_IN_FLIGHT, OTLP_ENDPOINT, OTLP_SAMPLING,
        PROBE_INTERVAL, QUEUE, QUEUE_TIMEOUT, RECHECK_ACCESS, REPLICA_MAX_LAG, REPLICA_TIMEOUT,
        REQUEST_TIMEOUT, SHUTDOWN_DELAY, SHUTDOWN_TIMEOUT, STATEMENT_TIMEOUT, TRUSTED_PROXIES,
        WORKERS, WRITE_TIMEOUT,
    },
    setting::{Default, Described, Setting},
    sources::Sources,
};
use crate::spans::{Recorder, Spans};

/// The settings that were given. Each is read when it is asked for, so that a command fails only over those it needs.
pub(crate) struct Settings {
    sources: Sources,
}

impl Settings {
    /// Collects the flags, the environment and the settings file, if there is one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or one of them holds a setting that does not exist.
    pub(crate) fn read(flags: &Flags, file: Option<&Path>) -> anyhow::Result<Self> {
        let sources = Sources::read(flags.given(), std::env::vars_os(), file)?;
        Ok(Self { sources })
    }

    /// The value of a setting: what was given, or else its default, or else none.
    ///
    /// # Errors
    ///
    /// If what was given cannot be read, naming where it came from and what was expected.
    pub(crate) fn get<T>(&self, setting: &Setting<T>) -> anyhow::Result<Option<T>> {
        if let Some((value, origin)) = self.given(setting)? {
            let value = setting.parse(value.expose_secret());
            return Ok(Some(
                value.map_err(|wrong| anyhow::anyhow!("{origin}: {wrong}"))?,
            ));
        }
        match setting.default {
            Default::Is(default) => Ok(setting.parse(default.as_bytes()).ok()),
            Default::Words(_) => Ok(None),
        }
    }

    /// The value of a setting that cannot be done without.
    ///
    /// # Errors
    ///
    /// As [`Settings::get`], and if there is none.
    pub(crate) fn require<T>(&self, setting: &Setting<T>) -> anyhow::Result<T> {
        let or_its_file = if setting.is_secret() {
            format!(", nor is {}_FILE", setting.variable())
        } else {
            String::new()
        };
        self.get(setting)?.with_context(|| {
            let (variable, expected) = (setting.variable(), setting.expected);
            format!("{variable} is not set{or_its_file}: expected {expected}")
        })
    }

    /// Where a setting came from, to be named by who finds fault with it later; its variable where nobody gave it.
    pub(crate) fn origin(&self, setting: &dyn Described) -> String {
        self.given(setting)
            .ok()
            .flatten()
            .map_or_else(|| setting.variable(), |(_, origin)| origin)
    }

    /// Logs as it is set.
    pub(crate) fn start_logging(&self) -> anyhow::Result<()> {
        self.start_logging_with(None)
    }

    /// [`Self::start_logging`], and makes spans of access records.
    pub(crate) fn start_logging_with(&self, spans: Option<Recorder>) -> anyhow::Result<()> {
        crate::logging::start(self.require(&LOG)?, self.require(&LOG_FORMAT)?, spans)
            .with_context(|| self.origin(&LOG))
    }

    /// Where spans go, if anywhere.
    pub(crate) fn spans(&self) -> anyhow::Result<Option<Spans>> {
        let ratio = self.require(&OTLP_SAMPLING)?;
        let collector = self.get(&OTLP_ENDPOINT)?;
        collector
            .map(|collector| {
                Spans::to(&collector, ratio).with_context(|| self.origin(&OTLP_ENDPOINT))
            })
            .transpose()
    }

    /// How to serve.
    pub(crate) fn http(&self) -> anyhow::Result<HttpSettings> {
        Ok(HttpSettings {
            default_order: self.require(&DEFAULT_ORDER)?,
            cors_origins: self.get(&CORS_ORIGINS)?.unwrap_or_default(),
            rate_limits: RateLimits {
                per_caller: self.require(&CALLER_RATE_LIMIT)?,
                per_address: self.require(&ADDRESS_RATE_LIMIT)?,
            },
            trusted_proxies: self.get(&TRUSTED_PROXIES)?.unwrap_or_default(),
            workers: self.get(&WORKERS)?,
            max_connections: self.require(&MAX_CONNECTIONS)?,
            max_in_flight: self.require(&MAX_IN_FLIGHT)?,
            head_timeout: self.require(&HEAD_TIMEOUT)?,
            request_timeout: self.require(&REQUEST_TIMEOUT)?,
            write_timeout: self.require(&WRITE_TIMEOUT)?,
            answer_timeout: self.require(&ANSWER_TIMEOUT)?,
            keep_alive: self.require(&KEEP_ALIVE)?,
            shutdown_delay: self.require(&SHUTDOWN_DELAY)?,
            shutdown_timeout: self.require(&SHUTDOWN_TIMEOUT)?,
        })
    }

    /// How to read the database.
    pub(crate) fn reading(&self) -> anyhow::Result<ReadSettings> {
        Ok(ReadSettings {
            connections: self.get(&DATABASE_CONNECTIONS)?,
            connect_timeout: self.require(&CONNECT_TIMEOUT)?,
            statement_timeout: self.require(&STATEMENT_TIMEOUT)?,
            // Nobody waits for longer.
            long_statement_timeout: self.require(&REQUEST_TIMEOUT)?,
            answer_timeout: self.require(&DATABASE_TIMEOUT)?,
            queue_timeout: self.require(&QUEUE_TIMEOUT)?,
            queue: self.require(&QUEUE)?,
            ranks: self.require(&RECHECK_ACCESS)?,
            probe_interval: self.require(&PROBE_INTERVAL)?,
            replicas: self.get(&DATABASE_READ_URLS)?.unwrap_or_default(),
            replica_max_lag: self.require(&REPLICA_MAX_LAG)?,
            replica_timeout: self.require(&REPLICA_TIMEOUT)?,
        })
    }

    /// What was given for a setting and where; for a secret also what stands in the file that `…_file` names.
    fn given(&self, setting: &dyn Described) -> anyhow::Result<Option<(SecretSlice<u8>, String)>> {
        let file = self
            .sources
            .get(&format!("{}_file", setting.name()))
            .filter(|_| setting.is_secret());
        match (self.sources.get(setting.name()), file) {
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
