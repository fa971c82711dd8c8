//! A PgBouncer connection pooler in front of a PostgreSQL server.

use std::{
    fs::{self, File},
    net::TcpStream,
    os::unix::process::CommandExt,
    process::{Child, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    directory::TemporaryDirectory,
    programs::{find_pgbouncer, unprivileged},
    server::{POLL_INTERVAL, free_port},
};

const START_TIMEOUT: Duration = Duration::from_secs(20);

/// The pool mode of PgBouncer: how long a client keeps a server connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolMode {
    /// Until the client disconnects.
    Session,
    /// Until a transaction ends.
    Transaction,
    /// Until a statement ends.
    Statement,
}

impl PoolMode {
    fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Transaction => "transaction",
            Self::Statement => "statement",
        }
    }
}

/// A PgBouncer process, which is stopped when it is dropped, and also when this process is killed.
pub struct PgBouncer {
    /// The user, password, host and port of the server.
    server: [String; 4],
    /// The database of the server.
    database: String,
    settings: Vec<String>,
    port: u16,
    process: Mutex<Option<Child>>,
    directory: TemporaryDirectory,
}

impl PgBouncer {
    /// Starts PgBouncer in front of the server at this URL. Every client uses the role of the URL. `settings` are lines
    /// of its configuration, such as `default_pool_size = 3`.
    ///
    /// # Errors
    ///
    /// Returns an error if PgBouncer is not installed or does not start. The error contains its log.
    pub fn start(url: &str, mode: PoolMode, settings: &[&str]) -> Result<Self> {
        let (server, database) = parse(url).context("the URL of the server is not supported")?;
        let pooler = Self {
            server,
            database,
            settings: settings.iter().map(|line| (*line).to_owned()).collect(),
            port: free_port()?,
            process: Mutex::default(),
            directory: TemporaryDirectory::create()?,
        };
        pooler.write_configuration(mode)?;
        pooler.restart()?;
        Ok(pooler)
    }

    /// Returns the URL of the database through this pooler.
    pub fn url(&self) -> String {
        let [user, ..] = &self.server;
        let Self { port, database, .. } = self;
        format!("postgres://{user}@127.0.0.1:{port}/{database}")
    }

    /// Changes the pool mode of the running process by a reload.
    ///
    /// # Errors
    ///
    /// Returns an error if the configuration cannot be written.
    pub fn reload(&self, mode: PoolMode) -> Result<()> {
        self.write_configuration(mode)?;
        if let Some(process) = &*self.process() {
            kill_process(Pid::from_child(process), Signal::HUP)?;
        }
        Ok(())
    }

    /// Kills the process.
    pub fn kill(&self) {
        if let Some(mut process) = self.process().take() {
            let _ = process.kill().and_then(|()| process.wait());
            let _ = fs::remove_file(self.directory.path().join("pgbouncer.pid"));
        }
    }

    /// Starts the process again after [`PgBouncer::kill`].
    ///
    /// # Errors
    ///
    /// Returns an error if PgBouncer does not start. The error contains its log.
    pub fn restart(&self) -> Result<()> {
        let program = find_pgbouncer().context("PgBouncer is not installed")?;
        let log_file = self.directory.path().join("pgbouncer.log");
        let log = File::create(&log_file)?;
        let mut process = unprivileged(program)
            .arg("pgbouncer.ini")
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C is only for this process, whose exit stops PgBouncer.
            .process_group(0)
            .spawn()
            .context("could not start pgbouncer")?;
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if process.try_wait()?.is_some() || begun.elapsed() > START_TIMEOUT {
                let _ = process.kill().and_then(|()| process.wait());
                let log = fs::read_to_string(&log_file).unwrap_or_default();
                bail!("PgBouncer did not start:\n{log}");
            }
            thread::sleep(POLL_INTERVAL);
        }
        *self.process() = Some(process);
        Ok(())
    }

    fn write_configuration(&self, mode: PoolMode) -> Result<()> {
        let [user, password, host, server_port] = &self.server;
        let (mode, port, settings) = (mode.name(), self.port, self.settings.join("\n"));
        let text = format!(
            "[databases]\n\
             * = host={host} port={server_port} user={user} password={password}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = any\n\
             pidfile = pgbouncer.pid\n\
             pool_mode = {mode}\n\
             {settings}\n"
        );
        Ok(fs::write(
            self.directory.path().join("pgbouncer.ini"),
            text,
        )?)
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the user, password, host and port of `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, and the database.
fn parse(url: &str) -> Result<([String; 4], String)> {
    let address = url
        .strip_prefix("postgres://")
        .context("expected postgres://")?;
    let (credentials, rest) = address.rsplit_once('@').context("expected a user")?;
    let (user, password) = credentials.split_once(':').context("expected a password")?;
    let (server, database) = rest.split_once('/').context("expected a database")?;
    let (host, port) = server.split_once(':').context("expected a port")?;
    ensure!(!database.contains('?'), "expected no parameters");
    let server = [user, password, host, port].map(str::to_owned);
    Ok((server, database.to_owned()))
}
