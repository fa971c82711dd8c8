//! The service that is measured: the real binary, with the log that it has by default.

use std::{
    fs::{self, File, OpenOptions},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use wts_test_postgres::random_hex;

use super::database::Database;
use crate::command::{Background, in_target, output, program};

const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How many callers send requests.
const CALLERS: u32 = 32;

/// A service that runs until it is dropped.
pub(super) struct Service {
    process: Background,
    address: SocketAddr,
    directory: PathBuf,
    log: File,
    tokens: PathBuf,
}

impl Service {
    /// Starts the service on this database.
    ///
    /// # Errors
    ///
    /// If it does not start; with what it wrote.
    pub(super) fn start(database: &Database<'_>) -> Result<Self> {
        let secret = random_hex()?;
        let directory = database.directory();
        let log_file = directory.join("log");
        let log = OpenOptions::new().create(true).append(true).open(&log_file);
        let log = log.context("could not create a log file")?;
        let mut wts = program(in_target("release/wts"));
        wts.arg("serve")
            .env_clear()
            .env("WTS_DATABASE_URL", database.url())
            .env("WTS_JWT_SECRET", &secret)
            .env("WTS_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(log.try_clone().context("could not share a log file")?);
        let mut process = Background::start(&mut wts)?;
        let begun = Instant::now();
        let address = loop {
            let logged = fs::read_to_string(&log_file).context("could not read the log")?;
            if let Some(address) = announced_address(&logged) {
                break address;
            }
            let has_failed = process.has_ended()? || begun.elapsed() > START_TIMEOUT;
            ensure!(!has_failed, "the service did not start:\n{logged}");
            thread::sleep(Duration::from_millis(20));
        };
        Ok(Self {
            process,
            address,
            directory: directory.to_owned(),
            log,
            tokens: write_tokens(directory, &secret)?,
        })
    }

    pub(super) fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A file with a token in each line, of several members of staff, who may read every ticket.
    pub(super) fn tokens(&self) -> &Path {
        &self.tokens
    }

    /// Makes room: it logs every request.
    ///
    /// # Errors
    ///
    /// If the file system does not allow it.
    pub(super) fn empty_log(&self) -> Result<()> {
        self.log.set_len(0).context("could not empty the log")
    }
}

fn write_tokens(directory: &Path, secret: &str) -> Result<PathBuf> {
    let mut tokens = String::new();
    for caller in 0..CALLERS {
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
