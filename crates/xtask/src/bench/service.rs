//! Starts the measured service: the release binary with its default log settings.

use std::{
    fs::{self, File, OpenOptions},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result};
use wts_test_postgres::random_hex;

use super::database::Database;
use crate::command::{Background, in_target, output, program};

/// The number of callers that send requests, unless a benchmark needs more.
const CALLERS: u32 = 32;

/// A running service, which is stopped when this value is dropped.
pub(super) struct Service<'a> {
    pub(super) database: &'a Database<'a>,
    pub(super) process: Background,
    pub(super) address: SocketAddr,
    /// The file with one token per line. The tokens belong to staff members, who may read every ticket.
    pub(super) tokens: PathBuf,
    log: File,
}

impl<'a> Service<'a> {
    /// Starts the service with this database.
    pub(super) fn start(database: &'a Database<'_>) -> Result<Self> {
        Self::start_with(database, CALLERS, &[])
    }

    /// Starts the service with tokens for this number of callers, and with these environment variables.
    pub(super) fn start_with(
        database: &'a Database<'_>,
        callers: u32,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let secret = random_hex()?;
        let directory = database.directory.path();
        let log_file = directory.join("log");
        let log = OpenOptions::new().create(true).append(true).open(&log_file);
        let log = log.context("could not create a log file")?;
        let mut wts = program(in_target("release/wts"));
        wts.arg("serve")
            .env_clear()
            .env("WTS_DATABASE_URL", database.url())
            .env("WTS_JWT_SECRET", &secret)
            .env("WTS_LISTEN", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(log.try_clone().context("could not share a log file")?);
        let (process, address) = Background::start_until(&mut wts, &log_file, announced_address)?;
        Ok(Self {
            database,
            process,
            address,
            tokens: write_tokens(directory, &secret, callers)?,
            log,
        })
    }

    /// Empties the log file, to which the service writes every request.
    pub(super) fn empty_log(&self) -> Result<()> {
        self.log.set_len(0).context("could not empty the log")
    }
}

fn write_tokens(directory: &Path, secret: &str, callers: u32) -> Result<PathBuf> {
    let mut tokens = String::new();
    for caller in 0..callers {
        let mut wts = program(in_target("release/wts"));
        wts.env_clear()
            .env("WTS_JWT_SECRET", secret)
            .args(["token", "--access=formal-member", "--ttl=12h"])
            .arg(format!("--sid=2022{caller:06}"));
        tokens += &output(&mut wts)?;
    }
    let file = directory.join("tokens");
    fs::write(&file, tokens).context("could not write the tokens")?;
    Ok(file)
}

fn announced_address(log: &str) -> Option<SocketAddr> {
    let (_, after) = log.split_once("http://")?;
    let (address, _) = after.split_once(|c: char| c.is_whitespace() || c == '"')?;
    address.parse().ok()
}
