//! A PostgreSQL server on the loopback interface.

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
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// A port that was free may be taken before the server listens on it.
const PORT_ATTEMPTS: u32 = 5;

/// Speed over durability, and no sockets in the file system, whose paths have a limit of about 100 bytes.
const SETTINGS: &[&str] = &[
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
];

/// Runs `initdb` with a password that is in no argument, because those can be seen by everyone.
const INITDB: &str = r#"
umask 077
printf %s "$PGPASSWORD" > password && "$0" --pwfile=password "$@" && rm password
"#;

/// A PostgreSQL server that is stopped and removed when it is dropped, and also when this process is killed.
pub struct PostgresServer {
    programs: PathBuf,
    settings: Vec<String>,
    port: u16,
    /// The superuser's.
    password: String,
    process: Mutex<Option<Child>>,
    directory: TemporaryDirectory,
}

impl PostgresServer {
    /// Creates an empty server with these settings besides those that make it fast, such as `max_connections=300`.
    ///
    /// # Errors
    ///
    /// If PostgreSQL is not installed, or does not start; with what it wrote.
    pub fn start(settings: &[&str]) -> Result<Self> {
        let settings = [SETTINGS, settings].concat();
        let settings = settings.into_iter().map(str::to_owned).collect();
        let server = Self::without_data(settings, random_hex()?)?;
        let mut initdb = server.connecting(unprivileged("sh"));
        initdb
            .args(["-c", INITDB])
            .arg(server.programs.join("initdb"))
            .args(["--username=postgres", "--auth=scram-sha-256"])
            .args(["--encoding=UTF8", "--locale=C", "--no-sync", "data"])
            .current_dir(server.directory.path());
        run(&mut initdb)?;
        server.launch_on_free_port()
    }

    /// Creates a standby that follows this server by streaming replication, with the same settings.
    ///
    /// # Errors
    ///
    /// If it does not start; with what it wrote.
    pub fn start_standby(&self) -> Result<Self> {
        let standby = Self::without_data(self.settings.clone(), self.password.clone())?;
        let mut backup = self.connecting(unprivileged(self.programs.join("pg_basebackup")));
        backup
            .args(["--no-sync", "--checkpoint=fast"])
            .args(["--write-recovery-conf", "--pgdata=data"])
            .current_dir(standby.directory.path());
        run(&mut backup)?;
        standby.launch_on_free_port()
    }

    /// The superuser's URL of a database.
    pub fn url(&self, database: &str) -> String {
        let Self { port, password, .. } = self;
        format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
    }

    /// The URL of the database `postgres` for another role, whose password is encoded as a URL needs it.
    pub fn url_for(&self, role: &str, password: &str) -> String {
        let port = self.port;
        format!("postgres://{role}:{password}@127.0.0.1:{port}/postgres")
    }

    /// A client program of PostgreSQL that connects as the superuser, by default to the database `postgres`.
    pub fn command(&self, program: &str) -> Command {
        self.connecting(Command::new(self.programs.join(program)))
    }

    /// Runs statements in the database `postgres` as the superuser, in one transaction.
    ///
    /// # Errors
    ///
    /// If one fails.
    pub fn execute(&self, sql: &str) -> Result<()> {
        let mut psql = self.command("psql");
        run(psql.args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--command", sql]))
    }

    /// The directory of its data and its log.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The id of the process that is the parent of all others of the server, while it runs.
    pub fn process_id(&self) -> Option<u32> {
        self.process().as_ref().map(Child::id)
    }

    /// Kills the server, and returns when all its processes have ended.
    pub fn kill(&self) {
        let Some(mut process) = self.process().take() else {
            return;
        };
        let children = children(process.id());
        let _ = process.kill().and_then(|()| process.wait());
        // They notice by themselves. The server cannot start again before.
        let is_running = |child: &String| Path::new("/proc").join(child).exists();
        while children.iter().any(is_running) {
            thread::sleep(POLL_INTERVAL);
        }
        let _ = fs::remove_file(self.lock_file());
    }

    /// Starts the server again after [`PostgresServer::kill`], on the same port.
    ///
    /// # Errors
    ///
    /// If it does not start; with what it wrote.
    pub fn restart(&self) -> Result<()> {
        ensure!(self.launch()?, "port {} was taken meanwhile", self.port);
        Ok(())
    }

    /// Stops the server's processes with SIGSTOP.
    pub fn pause(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets the server's processes go on after [`PostgresServer::pause`].
    pub fn resume(&self) {
        self.signal_all(Signal::CONT);
    }

    fn without_data(settings: Vec<String>, password: String) -> Result<Self> {
        Ok(Self {
            programs: find_programs().context("PostgreSQL's server programs are not installed")?,
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

    /// Starts the server's process; `false` if the port is taken.
    fn launch(&self) -> Result<bool> {
        let directory = self.directory.path();
        let log_file = directory.join("log");
        let log = File::create(&log_file).context("could not create a log file")?;
        let mut postgres = self.connecting(unprivileged(self.programs.join("postgres")));
        postgres
            .args(["-D", "data", "-p", &self.port.to_string()])
            .args(self.settings.iter().flat_map(|setting| ["-c", setting]))
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C is for this process, whose end stops the server.
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

    /// Whether the server accepts connections: `pg_ctl`, too, reads this status from the eighth line of the lock file.
    fn is_ready(&self) -> bool {
        let lock = fs::read_to_string(self.lock_file()).unwrap_or_default();
        lock.lines()
            .nth(7)
            .is_some_and(|status| status.trim() == "ready")
    }

    fn lock_file(&self) -> PathBuf {
        self.directory.path().join("data/postmaster.pid")
    }

    /// Gives a program what it needs to connect, and nothing of the environment of this process, which may hold `PGDATA` or a
    /// locale.
    fn connecting(&self, mut program: Command) -> Command {
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
                // A process that has ended meanwhile needs no signal.
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
            // An immediate shutdown, without waiting for clients.
            let _ = kill_process(Pid::from_child(&process), Signal::QUIT);
            let _ = process.wait();
        }
    }
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("there is no free port")?;
    Ok(listener.local_addr()?.port())
}

/// Runs a program to its end.
fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "a program of PostgreSQL failed: {errors}"
    );
    Ok(())
}

/// The ids of a process's children.
fn children(process: u32) -> Vec<String> {
    let ids = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let ids = ids.unwrap_or_default();
    ids.split_whitespace().map(str::to_owned).collect()
}

/// Sixteen random bytes, for a password or a secret.
///
/// # Errors
///
/// If the operating system has no random bytes.
pub fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("the system has no random bytes")?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
