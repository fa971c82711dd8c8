//! A PostgreSQL server of one's own.

mod binaries;

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use wts_adapter_db::Records;

use crate::database::{wait_for, with_client};

/// How long the server may take to start, or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Speed over durability, and enough for standbys.
const SETTINGS: &[&str] = &[
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_wal_senders=4",
    "wal_level=replica",
    "hot_standby=on",
    "shared_buffers=16MB",
];

/// Ends the server, whoever started it: when the test has ended, be it killed, standard input ends.
const KEEPER: &str = r#""$@" & server=$!; trap 'kill -QUIT $server' TERM; cat > /dev/null; kill -QUIT $server; wait $server"#;

/// A PostgreSQL server on loopback, with a database that was migrated by us. It vanishes when it is dropped.
pub struct Cluster {
    directory: TempDir,
    port: u16,
    keeper: Mutex<Option<Child>>,
}

impl Cluster {
    /// A server with these records.
    pub fn with(records: Records) -> Self {
        let cluster = Self::empty();
        let data = cluster.data();
        run(cluster
            .program("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync", "--pgdata"])
            .arg(data));
        cluster.start();
        let url = cluster.url().parse().expect("a URL");
        wait_for(async || {
            wts_adapter_db::migrate(&url)
                .await
                .expect("the migrations run");
            records.insert_into(&url).await.expect("the records fit");
        });
        cluster
    }

    /// Another server that follows this one, as PostgreSQL's own tools set it up.
    #[must_use]
    pub fn standby(&self) -> Self {
        let standby = Self::empty();
        let data = standby.data();
        run(standby
            .program("pg_basebackup")
            .args(["--host=127.0.0.1", "--username=postgres", "--no-sync"])
            .args(["--checkpoint=fast", "--write-recovery-conf"])
            .args(["--port", &self.port.to_string(), "--pgdata"])
            .arg(data));
        standby.start();
        standby
    }

    /// The URL of its superuser.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Runs statements as its superuser.
    pub fn execute(&self, sql: &str) {
        let config = self.url().parse().expect("a URL");
        with_client(&config, async |client| {
            Ok(client.batch_execute(sql).await?)
        });
    }

    /// Runs a script in `psql` as its superuser, with these variables.
    pub fn run_script(&self, script: &Path, variables: &[(&str, &str)]) {
        let script = fs::File::open(script).expect("a script");
        run(self
            .program("psql")
            .envs(variables.iter().copied())
            .args(["--no-psqlrc", "--quiet", "--host=127.0.0.1"])
            .args(["--username=postgres", "--dbname=postgres", "--port"])
            .arg(self.port.to_string())
            .stdin(script));
    }

    /// The URL of another role of it, which needs no password.
    pub fn url_of(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it, where it was before.
    pub fn start(&self) {
        let mut keeper = self.command("sh");
        keeper
            .args(["-c", KEEPER, "keeper"])
            .arg(binaries::directory().join("postgres"))
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string()])
            .stdin(Stdio::piped());
        for setting in SETTINGS {
            keeper.args(["-c", setting]);
        }
        *self.keeper() = Some(keeper.spawn().expect("sh runs"));
        let begun = Instant::now();
        while !self.is_ready() {
            assert!(begun.elapsed() < PATIENCE, "{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it without a farewell, with `kill -9`, and comes back when it is gone.
    pub fn kill(&self) {
        self.signal("KILL");
        self.wait();
    }

    /// Stops it in its tracks: whatever it was doing goes on with [`Cluster::resume`].
    pub fn pause(&self) {
        self.signal_all("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal_all("CONT");
    }

    fn empty() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("wts-test-cluster-")
            .tempdir_in("/tmp")
            .expect("a directory can be made");
        if let Some((uid, gid)) = binaries::account() {
            chown(directory.path(), Some(uid), Some(gid)).expect("we are root");
        }
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .expect("a port is free")
            .port();
        Self {
            directory,
            port,
            keeper: Mutex::default(),
        }
    }

    fn keeper(&self) -> MutexGuard<'_, Option<Child>> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn program(&self, name: &str) -> Command {
        let mut command = self.command("env");
        command.arg(binaries::directory().join(name));
        command
    }

    /// A command under the server's account, which writes to the log.
    fn command(&self, program: &str) -> Command {
        let log = || {
            fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(self.directory.path().join("log"))
                .expect("a log file can be made")
        };
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log());
        if let Some((uid, gid)) = binaries::account() {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// The number of the server's process, where it runs.
    fn server(&self) -> Option<String> {
        let lock = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        lock.lines().next().map(|line| line.trim().to_owned())
    }

    /// Whether it takes connections: the eighth line of its lock file, as `pg_ctl` reads it.
    fn is_ready(&self) -> bool {
        fs::read_to_string(self.data().join("postmaster.pid")).is_ok_and(|lock| {
            lock.lines()
                .nth(7)
                .is_some_and(|line| line.trim() == "ready")
        })
    }

    fn signal(&self, signal: &str) {
        let server = self.server().expect("it runs");
        let sent = Command::new("kill").args(["-s", signal, &server]).status();
        assert!(sent.expect("kill runs").success());
    }

    fn signal_all(&self, signal: &str) {
        let Some(server) = self.server() else {
            return;
        };
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"));
        let children = children.unwrap_or_default();
        for process in [server.as_str()]
            .into_iter()
            .chain(children.split_whitespace())
        {
            // One that has ended meanwhile needs no signal.
            let _ = Command::new("kill")
                .args(["-s", signal, process])
                .stderr(Stdio::null())
                .status();
        }
    }

    /// Waits for the end of a server that was told to end, and for that of its children.
    fn wait(&self) {
        if let Some(mut keeper) = self.keeper().take() {
            // It waits for the end of its input, too.
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
        // The children of a server that was killed end by themselves. Only then can it be started again.
        let shared = self.data().join("postmaster.pid");
        let _ = fs::remove_file(shared);
        thread::sleep(Duration::from_millis(100));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.keeper().is_some() {
            self.resume();
            self.wait();
        }
    }
}

fn run(command: &mut Command) {
    let status = command.status().expect("PostgreSQL's programs run");
    assert!(status.success(), "{command:?} ended with {status}");
}
