//! The real binary, run as an administrator runs it and queried over HTTP.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run its service has failed"
)]
#![allow(
    dead_code,
    unused_imports,
    reason = "every test file uses its own part of it"
)]

mod answer;
pub(crate) mod issuer;
pub(crate) mod namespace;
pub(crate) mod skipped;
mod token;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

pub(crate) use self::{
    answer::Answer,
    token::{now, signed, token, token_for},
};

/// The secret that signs the tokens of the tests.
pub(crate) const SECRET: &str = "the-tests-share-this-secret-of-48-bytes-and-more";
/// The timeout of every wait in a test.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns `wts` with these arguments and an empty environment.
pub(crate) fn wts(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wts"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs a command to its end and returns its status and output.
pub(crate) fn outcome(command: &mut Command) -> (ExitStatus, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("wts runs");
    (
        status,
        String::from_utf8(stdout).expect("wts speaks UTF-8"),
        String::from_utf8(stderr).expect("wts speaks UTF-8"),
    )
}

/// A running service. It is killed when dropped.
pub(crate) struct Service {
    child: Child,
    address: SocketAddr,
    said: Arc<Mutex<String>>,
    listener: Option<JoinHandle<()>>,
}

impl Service {
    /// Starts `wts serve` on a free port with this database.
    pub(crate) fn on(database: &str) -> Self {
        Self::with(database, &[])
    }

    /// Starts `wts serve` on a free port with this database and further environment variables.
    pub(crate) fn with(database: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = wts(&["serve"]);
        command
            .env("WTS_DATABASE_URL", database)
            .env("WTS_JWT_SECRET", SECRET)
            .env("WTS_LISTEN", "127.0.0.1:0")
            .env("WTS_SHUTDOWN_DELAY", "0s")
            .env("WTS_KEEP_ALIVE", "2s")
            .envs(environment.iter().copied());
        Self::run_serving(&mut command)
    }

    /// Starts a `wts serve` command and waits until it listens.
    pub(crate) fn run_serving(command: &mut Command) -> Self {
        Self::run(command, Stream::Stderr)
    }

    /// Starts `wts demo` on a free port, with its files in `directory`.
    pub(crate) fn demo(directory: &Path) -> Self {
        let mut command = wts(&["demo", "--port", "0"]);
        command.env("TMPDIR", directory);
        Self::run(&mut command, Stream::Stdout)
    }

    /// Starts a `wts serve` command without waiting until it listens.
    pub(crate) fn run_waiting(command: &mut Command) -> Self {
        Self::start(command, Stream::Stderr)
    }

    fn run(command: &mut Command, announces_on: Stream) -> Self {
        let mut service = Self::start(command, announces_on);
        service.address = service.announced(match announces_on {
            Stream::Stdout => "served at http://",
            Stream::Stderr => "listening on http://",
        });
        service
    }

    fn start(command: &mut Command, announces_on: Stream) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wts starts");
        let (stdout, stderr) = (
            child.stdout.take().expect("piped"),
            child.stderr.take().expect("piped"),
        );
        let announcing: Box<dyn Read + Send> = match announces_on {
            Stream::Stdout => Box::new(stdout),
            Stream::Stderr => Box::new(stderr),
        };
        let said = Arc::new(Mutex::new(String::new()));
        let listener = thread::spawn({
            let said = Arc::clone(&said);
            move || {
                for line in BufReader::new(announcing).lines() {
                    let line = line.expect("wts speaks UTF-8");
                    said.lock()
                        .expect("nobody panicked")
                        .push_str(&(line + "\n"));
                }
            }
        });
        Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            said,
            listener: Some(listener),
        }
    }

    /// Waits until the service prints these words, and returns the address after them.
    pub(crate) fn announced(&mut self, words: &str) -> SocketAddr {
        let said = self.wait_until_said(words);
        let (_, after) = said.split_once(words).expect("it was said");
        let address: String = after
            .chars()
            .take_while(|c| c.is_ascii_digit() || ".:".contains(*c))
            .collect();
        address.parse().expect("an address")
    }

    /// Returns the address of metrics and health checks. `WTS_METRICS_LISTEN` must be set.
    pub(crate) fn operations(&mut self) -> SocketAddr {
        self.announced("metrics on http://")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Returns the output so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().expect("nobody panicked").clone()
    }

    /// Waits until the output contains a text, and returns the output.
    pub(crate) fn wait_until_said(&mut self, text: &str) -> String {
        let start = SystemTime::now();
        loop {
            let said = self.said();
            if said.contains(text) {
                return said;
            }
            let ended = self.child.try_wait().expect("it can be asked");
            assert!(
                ended.is_none(),
                "wts ended with {ended:?} and had said: {said}"
            );
            assert!(
                start.elapsed().unwrap_or_default() < PATIENCE,
                "{text:?} was never said, only: {said}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// `GET`s a path with a token.
    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(
            "GET",
            path,
            &[("Authorization", &format!("Bearer {token}"))],
        )
    }

    /// Sends a request without a body.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.address
        );
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request += "\r\n";
        Answer::parse(&self.send(request.as_bytes()))
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args(["-s", signal, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    /// Sends a signal to the only child of the process that was started.
    pub(crate) fn signal_child(&self, signal: &str) {
        let parent = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
        let child = children.expect("the kernel knows").trim().to_owned();
        let sent = Command::new("kill").args(["-s", signal, &child]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Sends a signal, waits for the end of the process, and returns its status and output.
    pub(crate) fn stop(self, signal: &str) -> (ExitStatus, String) {
        self.signal(signal);
        self.ended()
    }

    /// Waits for the end of the process, and returns its status and output.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("it ends");
        if let Some(listener) = self.listener.take() {
            listener.join().expect("the listener does not panic");
        }
        (status, self.said())
    }

    /// Sends bytes and returns all received bytes.
    pub(crate) fn send(&self, bytes: &[u8]) -> Vec<u8> {
        send(self.address, bytes)
    }
}

/// Polls a condition until it holds.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = SystemTime::now();
    while !condition() {
        assert!(
            start.elapsed().unwrap_or_default() < PATIENCE,
            "never: {what}"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a `GET` request without a token to this address.
pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: wts\r\nConnection: close\r\n\r\n");
    Answer::parse(&send(address, request.as_bytes()))
}

/// Sends bytes and returns all received bytes.
pub(crate) fn send(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout can be set");
    // A server that rejects a request need not read all of it.
    let _ = stream.write_all(bytes);
    let _ = stream.flush();
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert!(
            error.kind() == std::io::ErrorKind::ConnectionReset,
            "no end of the answer: {error}, after {:?}",
            String::from_utf8_lossy(&answer)
        );
    }
    let _ = stream.shutdown(Shutdown::Both);
    answer
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
}
