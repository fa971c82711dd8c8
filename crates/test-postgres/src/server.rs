//! A temporary PostgreSQL server on the loopback interface.

use std::{
    env,
    fs::{self, File},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    directory::TemporaryDirectory,
    programs::{find_programs, unprivileged},
};

const START_TIMEOUT: Duration = Duration::from_secs(60);
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The number of attempts to find a free port. Another process may take a port before the server listens on it.
const PORT_ATTEMPTS: u32 = 5;

/// The default settings: no durability, which makes the server fast, and no Unix sockets, whose paths are limited to
/// about 100 bytes.
const SETTINGS: &[&str] = &[
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
];

/// The shell script that runs `initdb`. The password is passed in a file, because all users can see the arguments of a
/// process.
const INITDB: &str = r#"
umask 077
printf %s "$PGPASSWORD" > password && "$0" --pwfile=password "$@" && rm password
"#;

/// A temporary PostgreSQL server. The server is stopped and its data is removed when this value is dropped, and also
/// when this process is killed.
pub struct PostgresServer {
    programs: PathBuf,
    settings: Vec<String>,
    port: u16,
    /// The password of the superuser.
    password: String,
    process: Mutex<Option<Child>>,
    directory: TemporaryDirectory,
}

impl PostgresServer {
    /// Starts an empty server with these settings in addition to the defaults, such as `max_connections=300`.
    ///
    /// # Errors
    ///
    /// Returns an error if PostgreSQL is not installed or does not start. The error contains the output of the server.
    pub fn start(settings: &[&str]) -> Result<Self> {
        let settings = [SETTINGS, settings].concat();
        let settings = settings.into_iter().map(str::to_owned).collect();
        let server = Self::without_data(settings, random_hex()?)?;
        let mut initdb = server.with_connection_variables(unprivileged("sh"));
        initdb
            .args(["-c", INITDB])
            .arg(server.programs.join("initdb"))
            .args(["--username=postgres", "--auth=scram-sha-256"])
            .args(["--encoding=UTF8", "--locale=C", "--no-sync", "data"])
            .current_dir(server.directory.path());
        run(&mut initdb)?;
        server.launch_on_free_port()
    }

    /// Starts a streaming replica of this server with the same settings.
    ///
    /// # Errors
    ///
    /// Returns an error if the server does not start. The error contains the output of the server.
    pub fn start_standby(&self) -> Result<Self> {
        let standby = Self::without_data(self.settings.clone(), self.password.clone())?;
        let mut backup =
            self.with_connection_variables(unprivileged(self.programs.join("pg_basebackup")));
        backup
            .args(["--no-sync", "--checkpoint=fast"])
            .args(["--write-recovery-conf", "--pgdata=data"])
            .current_dir(standby.directory.path());
        run(&mut backup)?;
        standby.launch_on_free_port()
    }

    /// Returns the URL of a database for the superuser.
    pub fn url(&self, database: &str) -> String {
        let Self { port, password, .. } = self;
        format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
    }

    /// Returns the URL of the database `postgres` for another role. `password` must be percent-encoded.
    pub fn url_for(&self, role: &str, password: &str) -> String {
        let port = self.port;
        format!("postgres://{role}:{password}@127.0.0.1:{port}/postgres")
    }

    /// Returns a command for a client program of PostgreSQL. The program connects as the superuser, by default to the
    /// database `postgres`.
    pub fn command(&self, program: &str) -> Command {
        self.with_connection_variables(Command::new(self.programs.join(program)))
    }

    /// Runs statements in the database `postgres` as the superuser, in one transaction.
    ///
    /// # Errors
    ///
    /// Returns an error if a statement fails.
    pub fn execute(&self, sql: &str) -> Result<()> {
        let mut psql = self.command("psql");
        run(psql.args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--command", sql]))
    }

    /// Returns the directory of the server's data and log.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the id of the main server process; `None` if the server is not running.
    pub fn process_id(&self) -> Option<u32> {
        self.process().as_ref().map(Child::id)
    }

    /// Kills the server and waits until all its processes have ended.
    pub fn kill(&self) {
        let Some(mut process) = self.process().take() else {
            return;
        };
        let children = children(process.id());
        let _ = process.kill().and_then(|()| process.wait());
        // The child processes end after the main process. The server cannot restart before that.
        let is_running = |child: &String| Path::new("/proc").join(child).exists();
        while children.iter().any(is_running) {
            thread::sleep(POLL_INTERVAL);
        }
        let _ = fs::remove_file(self.lock_file());
    }

    /// Starts the server again on the same port, after [`PostgresServer::kill`].
    ///
    /// # Errors
    ///
    /// Returns an error if the server does not start. The error contains the output of the server.
    pub fn restart(&self) -> Result<()> {
        ensure!(
            self.launch()?,
            "another process has taken port {}",
            self.port
        );
        Ok(())
    }

    /// Suspends the server processes with SIGSTOP.
    pub fn pause(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Resumes the server processes with SIGCONT, after [`PostgresServer::pause`].
    pub fn resume(&self) {
        self.signal_all(Signal::CONT);
    }

    fn without_data(settings: Vec<String>, password: String) -> Result<Self> {
        Ok(Self {
            programs: find_programs()
                .context("the PostgreSQL server programs are not installed")?,
            settings,
            port: free_port()?,
            password,
            process: Mutex::default(),
            directory: TemporaryDirectory::create()?,
        })
    }

    fn launch_on_free_port(mut self) -> Result<Self> {
        for _ in 0..PORT_ATTEMPTS {
            if self.launch()? {
                return Ok(self);
            }
            self.port = free_port()?;
        }
        bail!("{PORT_ATTEMPTS} free ports were taken before the server could listen on them")
    }

    /// Starts the server process. Returns `false` if the port is taken.
    fn launch(&self) -> Result<bool> {
        let directory = self.directory.path();
        let log_file = directory.join("log");
        let log = File::create(&log_file).context("could not create a log file")?;
        let mut postgres =
            self.with_connection_variables(unprivileged(self.programs.join("postgres")));
        postgres
            .args(["-D", "data", "-p", &self.port.to_string()])
            .args(self.settings.iter().flat_map(|setting| ["-c", setting]))
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C must only end this process, which then stops the server.
            .process_group(0);
        let mut process = postgres.spawn().context("could not start postgres")?;
        let begun = Instant::now();
        while !self.is_ready() {
            if process.try_wait()?.is_some() || begun.elapsed() > START_TIMEOUT {
                let _ = process.kill().and_then(|()| process.wait());
                let log = fs::read_to_string(&log_file).unwrap_or_default();
                ensure!(
                    log.contains("could not bind"),
                    "PostgreSQL did not start:\n{log}"
                );
                return Ok(false);
            }
            thread::sleep(POLL_INTERVAL);
        }
        *self.process() = Some(process);
        Ok(true)
    }

    /// Returns whether the server accepts connections, according to the eighth line of its lock file; `pg_ctl` reads
    /// the same line.
    fn is_ready(&self) -> bool {
        let lock = fs::read_to_string(self.lock_file()).unwrap_or_default();
        lock.lines()
            .nth(7)
            .is_some_and(|status| status.trim() == "ready")
    }

    fn lock_file(&self) -> PathBuf {
        self.directory.path().join("data/postmaster.pid")
    }

    /// Sets the environment variables with which a program connects to the server. All other variables are removed,
    /// because they may contain `PGDATA` or a locale.
    fn with_connection_variables(&self, mut program: Command) -> Command {
        program
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .envs([("LC_ALL", "C"), ("TZ", "UTC")])
            .envs([("PGHOST", "127.0.0.1"), ("PGUSER", "postgres")])
            .env("PGPORT", self.port.to_string())
            .env("PGPASSWORD", &self.password);
        program
    }

    fn signal_all(&self, signal: Signal) {
        if let Some(id) = self.process_id() {
            for process in [id.to_string()].into_iter().chain(children(id)) {
                // A process that has already ended needs no signal.
                if let Some(process) = process.parse().ok().and_then(Pid::from_raw) {
                    let _ = kill_process(process, signal);
                }
            }
        }
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.resume();
        if let Some(mut process) = self.process().take() {
            // SIGQUIT shuts the server down immediately, without waiting for clients.
            let _ = kill_process(Pid::from_child(&process), Signal::QUIT);
            let _ = process.wait();
        }
    }
}

/// Returns a port that is currently free.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("there is no free port")?;
    Ok(listener.local_addr()?.port())
}

/// Runs a program and waits for it to exit.
fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "a PostgreSQL program failed: {errors}"
    );
    Ok(())
}

/// Returns the ids of the child processes of a process.
fn children(process: u32) -> Vec<String> {
    let ids = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let ids = ids.unwrap_or_default();
    ids.split_whitespace().map(str::to_owned).collect()
}

/// Returns sixteen random bytes in hexadecimal, for a password or a secret.
///
/// # Errors
///
/// Returns an error if the operating system cannot provide random bytes.
pub fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("the operating system cannot provide random bytes")?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
