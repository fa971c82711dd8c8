//! A private cluster: in a folder of its own, on a port of its own, gone when the task ends.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, thread};

use anyhow::{Context, Result, bail};

use super::binaries::Binaries;
use crate::account::Account;
use crate::warden::Warden;

const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
const ATTEMPTS: u32 = 5;

/// Speed over durability: nothing outlives the task.
const SETTINGS: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=", // none: the path of a socket has a limit of about 100 bytes
];

/// A server that runs.
pub(crate) struct Cluster {
    pub(crate) port: u16,
    /// The superuser's.
    pub(crate) password: String,
    /// The process that all of the server's others are children of.
    pub(crate) process: u32,
}

impl Cluster {
    /// The superuser's URL.
    pub(crate) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The same, of one database.
    pub(crate) fn url_of(&self, database: &str) -> String {
        format!(
            "postgres://postgres:{}@127.0.0.1:{}/{database}",
            self.password, self.port
        )
    }
}

/// Creates a cluster and starts its server, which ends with `warden`.
///
/// # Errors
///
/// If a program of PostgreSQL fails, with the end of what it wrote.
pub(super) fn start(
    warden: &mut Warden,
    binaries: &Binaries,
    settings: &[&str],
) -> Result<Cluster> {
    let account = Account::choose()?;
    let place = Place {
        directory: directory(warden, &account)?,
        binaries,
        account,
    };
    let password = random_hex()?;
    place.create(warden, &password)?;
    for _ in 0..ATTEMPTS {
        let port = free_port()?;
        if let Start::Ready(process) = place.serve(warden, port, settings)? {
            println!(
                "    a private server on 127.0.0.1:{port}, in {}",
                place.directory.display()
            );
            return Ok(Cluster {
                port,
                password,
                process,
            });
        }
    }
    bail!("each of {ATTEMPTS} free ports was taken before the server could have it")
}

enum Start {
    Ready(u32),
    PortTaken,
}

/// Where a cluster lives.
struct Place<'a> {
    directory: PathBuf,
    binaries: &'a Binaries,
    account: Account,
}

impl Place<'_> {
    fn create(&self, warden: &mut Warden, password: &str) -> Result<()> {
        // In a file: arguments are there for everyone to see.
        let password_file = self.directory.join("password");
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&password_file)
            .and_then(|mut file| file.write_all(password.as_bytes()))
            .context("could not write the password file")?;
        self.account.give(&password_file)?;

        let log = self.directory.join("initdb.log");
        let mut initdb = self.program("initdb", &log)?;
        initdb
            .args(["--username=postgres", "--auth=scram-sha-256", "--pwfile"])
            .arg(&password_file)
            .args(["--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"])
            .arg(self.data());
        let status = warden.run(&mut initdb)?;
        if !status.success() {
            bail!("initdb ended with {status}:\n{}", tail(&log));
        }
        fs::remove_file(&password_file).context("could not remove the password file")
    }

    fn serve(&self, warden: &mut Warden, port: u16, settings: &[&str]) -> Result<Start> {
        let log = self.directory.join("server.log");
        let mut server = self.program("postgres", &log)?;
        server
            .arg("-D")
            .arg(self.data())
            .args(["-p", &port.to_string()]);
        for setting in SETTINGS.iter().chain(settings) {
            server.args(["-c", setting]);
        }
        let process = warden.serve(&mut server)?;

        let deadline = Instant::now() + PATIENCE;
        while !self.is_ready() {
            if let Some(status) = warden.server_ended(process)? {
                let tail = tail(&log);
                warden.end_server(process)?;
                if tail.contains("could not bind") {
                    return Ok(Start::PortTaken);
                }
                bail!("the server ended with {status}:\n{tail}");
            }
            if Instant::now() > deadline {
                bail!(
                    "the server was not ready after {PATIENCE:?}:\n{}",
                    tail(&log)
                );
            }
            thread::sleep(POLL);
        }
        Ok(Start::Ready(process))
    }

    /// Whether the server says that it takes connections: the eighth line of its lock file, as `pg_ctl` reads it.
    fn is_ready(&self) -> bool {
        fs::read_to_string(self.data().join("postmaster.pid")).is_ok_and(|lock| {
            lock.lines()
                .nth(7)
                .is_some_and(|status| status.trim() == "ready")
        })
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// `name` under the server's account, writing to `log`, with nothing of our environment: it may hold `PGDATA` or a locale.
    fn program(&self, name: &str, log: &Path) -> Result<Command> {
        let log = File::create(log).context("could not create a log file")?;
        let mut command = Command::new(self.binaries.program(name));
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.directory)
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir(&self.directory)
            .stdout(log.try_clone().context("could not share a log file")?)
            .stderr(log);
        self.account.run(&mut command);
        Ok(command)
    }
}

/// A new folder that the account owns and the warden removes.
fn directory(warden: &mut Warden, account: &Account) -> Result<PathBuf> {
    let parent = match account {
        Account::Own => env::temp_dir(),
        // Root's own may be closed to others.
        Account::Other { .. } => PathBuf::from("/tmp"),
    };
    let directory = tempfile::Builder::new()
        .prefix("wts-test-")
        .tempdir_in(parent)
        .context("could not create a temporary folder")?;
    warden.remove_later(directory.path())?;
    account.give(directory.path())?;
    Ok(directory.keep())
}

/// A secret.
///
/// # Errors
///
/// If the operating system has no randomness to give.
pub(crate) fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("could not read /dev/urandom")?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .context("could not find a free port")
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines
        .get(lines.len().saturating_sub(20)..)
        .unwrap_or_default()
        .join("\n")
}
