//! A PostgreSQL server on the loopback interface.

use std::{
    env,
    ffi::OsStr,
    fs::{self, OpenOptions},
    io::Write,
    net::TcpListener,
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::{directory::ServerDirectory, programs::find_programs, user::ServerUser};

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

/// A PostgreSQL server that is stopped and removed when it is dropped, and also when this process is killed.
pub struct PostgresServer {
    programs: PathBuf,
    user: ServerUser,
    settings: Vec<String>,
    port: u16,
    /// The superuser's.
    password: String,
    process: Mutex<Option<Child>>,
    directory: ServerDirectory,
}

impl PostgresServer {
    /// Creates an empty server with these settings besides those that make it fast, such as `max_connections=300`.
    ///
    /// # Errors
    ///
    /// If PostgreSQL is not installed, or does not start; with what it wrote.
    pub fn start(settings: &[&str]) -> Result<Self> {
        let settings = SETTINGS
            .iter()
            .chain(settings)
            .map(|&setting| setting.to_owned());
        let server = Self::without_data(settings.collect(), random_hex()?)?;
        // The password is in a file, because arguments can be seen by everyone.
        let password = server.directory.path().join("password");
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&password)
            .and_then(|mut file| file.write_all(server.password.as_bytes()))
            .context("could not write the password file")?;
        server.user.own(&password)?;
        let mut initdb = server.server_command("initdb");
        initdb
            .args(["--username=postgres", "--auth=scram-sha-256", "--pwfile"])
            .arg(&password)
            .args(["--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"])
            .arg(server.data());
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
        let mut backup = self.command("pg_basebackup");
        self.user.run(&mut backup);
        backup
            .args([
                "--no-sync",
                "--checkpoint=fast",
                "--write-recovery-conf",
                "--pgdata",
            ])
            .arg(standby.data())
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
        format!(
            "postgres://{role}:{password}@127.0.0.1:{}/postgres",
            self.port
        )
    }

    /// A client program of PostgreSQL that connects as the superuser, by default to the database `postgres`.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.program(program);
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "postgres")
            .env("PGPASSWORD", &self.password);
        command
    }

    /// Runs statements in the database `postgres` as the superuser, in one transaction.
    ///
    /// # Errors
    ///
    /// If one fails.
    pub fn execute(&self, sql: &str) -> Result<()> {
        let mut psql = self.command("psql");
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--command",
            sql,
        ]);
        run(&mut psql)
    }

    /// The directory of PostgreSQL's programs.
    pub fn programs(&self) -> &Path {
        &self.programs
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
        while children.iter().any(|child| is_running(*child)) {
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
        match self.launch()? {
            Launch::Ready => Ok(()),
            Launch::PortTaken => bail!("port {} was taken meanwhile", self.port),
        }
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
        let user = ServerUser::choose()?;
        Ok(Self {
            programs: find_programs().context("PostgreSQL's server programs are not installed")?,
            user,
            settings,
            port: 0,
            password,
            process: Mutex::default(),
            directory: ServerDirectory::create(user)?,
        })
    }

    fn launch_on_free_port(mut self) -> Result<Self> {
        for _ in 0..PORT_ATTEMPTS {
            self.port = TcpListener::bind(("127.0.0.1", 0))
                .and_then(|listener| listener.local_addr())
                .context("could not find a free port")?
                .port();
            if let Launch::Ready = self.launch()? {
                return Ok(self);
            }
        }
        bail!("{PORT_ATTEMPTS} free ports were taken before the server could listen on them")
    }

    fn launch(&self) -> Result<Launch> {
        let log_file = self.directory.path().join("log");
        let log = fs::File::create(&log_file).context("could not create a log file")?;
        let mut postgres = self.server_command("postgres");
        postgres
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string()])
            .args(self.settings.iter().flat_map(|setting| ["-c", setting]))
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("could not share a log file")?)
            .stderr(log)
            // Ctrl-C is for this process, whose end stops the server.
            .process_group(0);
        let mut process = postgres.spawn().context("could not start postgres")?;
        let begun = Instant::now();
        while !self.is_ready() {
            let ended = process.try_wait().context("could not wait for postgres")?;
            if ended.is_some() || begun.elapsed() > START_TIMEOUT {
                let _ = process.kill().and_then(|()| process.wait());
                let log = fs::read_to_string(&log_file).unwrap_or_default();
                ensure!(
                    log.contains("could not bind"),
                    "PostgreSQL did not start:\n{log}"
                );
                return Ok(Launch::PortTaken);
            }
            thread::sleep(POLL_INTERVAL);
        }
        *self.process() = Some(process);
        Ok(Launch::Ready)
    }

    /// Whether the eighth line of the lock file says that the server accepts connections, as `pg_ctl` reads it.
    fn is_ready(&self) -> bool {
        fs::read_to_string(self.lock_file()).is_ok_and(|lock| {
            lock.lines()
                .nth(7)
                .is_some_and(|status| status.trim() == "ready")
        })
    }

    fn lock_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A program that works on the server's files.
    fn server_command(&self, name: &str) -> Command {
        let mut command = self.program(name);
        self.user.run(command.current_dir(self.directory.path()));
        command
    }

    /// A program without the environment of this process, which may hold `PGDATA` or a locale.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        command
    }

    fn signal_all(&self, signal: Signal) {
        if let Some(id) = self.process_id() {
            for process in [id].into_iter().chain(children(id)) {
                send(process, signal);
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
            send(process.id(), Signal::QUIT);
            let _ = process.wait();
        }
    }
}

enum Launch {
    Ready,
    PortTaken,
}

/// Runs a program to its end.
fn run(command: &mut Command) -> Result<()> {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(OsStr::new(""))
        .display()
        .to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("could not start {name}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{name} failed, {}: {errors}",
        output.status
    );
    Ok(())
}

fn send(process: u32, signal: Signal) {
    // A process that has ended meanwhile needs no signal.
    if let Some(process) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        let _ = kill_process(process, signal);
    }
}

/// The ids of a process's children.
fn children(process: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    children
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|id| id.parse().ok())
        .collect()
}

fn is_running(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
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
