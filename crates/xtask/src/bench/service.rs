//! The service that is measured: the real binary, with the log that it has by default.

use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::meter::Meter;
use super::place::Place;
use super::succeeded;
use crate::programs;
use crate::warden::Warden;

const PATIENCE: Duration = Duration::from_secs(30);
/// How many people ask.
const CALLERS: u32 = 32;

/// Builds what is measured and what fills databases, as it is delivered but for the floor.
///
/// # Errors
///
/// If it does not compile.
pub(crate) fn build(warden: &mut Warden) -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--release",
        "--package=wts-server",
        "--package=wts-testkit",
        "--features=wts-server/bench",
    ]);
    ensure!(
        warden.run(&mut cargo)?.success(),
        "the service does not compile"
    );
    Ok(())
}

/// A program that was built.
pub(super) fn release(name: &str) -> PathBuf {
    programs::built("release", name)
}

/// A service that runs.
pub(super) struct Service {
    address: SocketAddr,
    process: u32,
    directory: PathBuf,
    log: File,
    secret: String,
}

impl Service {
    /// Starts it on this database.
    ///
    /// # Errors
    ///
    /// If it does not start, with what it wrote.
    pub(super) fn start(warden: &mut Warden, place: &Place<'_>) -> Result<Self> {
        let secret = crate::postgres::random_hex()?;
        let path = place.directory().join("log");
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .context("could not create a log file")?;
        let mut wts = Command::new(release("wts"));
        wts.arg("serve")
            .env_clear()
            .env("WTS_DATABASE_URL", place.url())
            .env("WTS_JWT_SECRET", &secret)
            .env("WTS_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(log.try_clone().context("could not share a log file")?);
        let process = warden.serve(&mut wts)?;
        let begun = Instant::now();
        loop {
            let said = fs::read_to_string(&path).context("could not read the log")?;
            if let Some(address) = announced(&said) {
                return Ok(Self {
                    address,
                    process,
                    directory: place.directory().to_owned(),
                    log,
                    secret,
                });
            }
            if warden.server_ended(process)?.is_some() || begun.elapsed() > PATIENCE {
                bail!("the service did not start:\n{said}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its files are.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Tokens that it accepts, of several members of staff, who may read every ticket.
    ///
    /// # Errors
    ///
    /// If they cannot be made.
    pub(super) fn tokens(&self, warden: &mut Warden) -> Result<Tokens> {
        let mut tokens = String::new();
        for caller in 0..CALLERS {
            let mut wts = Command::new(release("wts"));
            wts.env_clear()
                .env("WTS_JWT_SECRET", &self.secret)
                .args(["token", "--access=formal-member", "--ttl=12h"])
                .arg(format!("--sid=2022{caller:06}"));
            let output = warden.output(&mut wts)?;
            succeeded("wts token", &output)?;
            tokens += &String::from_utf8_lossy(&output.stdout);
        }
        let file = self.directory.join("tokens");
        fs::write(&file, tokens).context("could not write the tokens")?;
        Ok(Tokens(file))
    }

    /// A meter of it and of its database.
    ///
    /// # Errors
    ///
    /// If one of them is gone.
    pub(super) fn meter(&self, place: &Place<'_>) -> Result<Meter> {
        Meter::start(
            Some(self.process),
            place.cluster().map(|cluster| cluster.process),
        )
    }

    /// Makes room: it logs every request.
    ///
    /// # Errors
    ///
    /// If the file system does not let us.
    pub(super) fn forget_log(&self) -> Result<()> {
        self.log.set_len(0).context("could not empty the log")
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// If the operating system does not let us.
    pub(super) fn stop(self, warden: &mut Warden) -> Result<()> {
        warden.end_server(self.process)
    }
}

/// A file with a token in each line.
pub(super) struct Tokens(PathBuf);

impl Tokens {
    pub(super) fn file(&self) -> &Path {
        &self.0
    }
}

fn announced(log: &str) -> Option<SocketAddr> {
    let (_, after) = log.split_once("http://")?;
    let (address, _) = after.split_once(|c: char| c.is_whitespace() || c == '"')?;
    address.parse().ok()
}
