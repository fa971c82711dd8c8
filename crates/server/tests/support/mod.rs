//! Functions that run the real binary as an administrator does, and send HTTP requests to it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    dead_code,
    unused_imports,
    reason = "every test uses only some of these functions"
)]

pub(crate) mod events;
pub(crate) mod issuer;
pub(crate) mod namespace;
mod response;
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
    response::Response,
    token::{now, signed, token, token_for},
};

/// The secret that signs the tokens of the tests.
pub(crate) const SECRET: &str = "the-tests-share-this-secret-of-48-bytes-and-more";
/// The timeout for everything that a test waits for.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// Returns the command `wts` with these arguments and an empty environment.
pub(crate) fn wts(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wts"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs a command to its end. Returns its exit status, its standard output and its standard error.
pub(crate) fn outcome(command: &mut Command) -> (ExitStatus, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("wts runs");
    (
        status,
        String::from_utf8(stdout).expect("the output is UTF-8"),
        String::from_utf8(stderr).expect("the output is UTF-8"),
    )
}

/// A service process. It is killed when dropped.
pub(crate) struct Service {
    child: Child,
    address: SocketAddr,
    output: Arc<Mutex<String>>,
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

    /// Starts a `wts serve` command and returns at once, for tests in which the service waits for its database or its keys.
    pub(crate) fn spawn_serve(command: &mut Command) -> Self {
        Self::start(command, Stream::Stderr)
    }

    fn run(command: &mut Command, address_stream: Stream) -> Self {
        let mut service = Self::start(command, address_stream);
        service.address = service.wait_for_address_after(match address_stream {
            Stream::Stdout => "served at http://",
            Stream::Stderr => "listening on http://",
        });
        service
    }

    fn start(command: &mut Command, address_stream: Stream) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wts starts");
        let (stdout, stderr) = (
            child.stdout.take().expect("piped"),
            child.stderr.take().expect("piped"),
        );
        let printed: Box<dyn Read + Send> = match address_stream {
            Stream::Stdout => Box::new(stdout),
            Stream::Stderr => Box::new(stderr),
        };
        let output = Arc::new(Mutex::new(String::new()));
        let listener = thread::spawn({
            let output = Arc::clone(&output);
            move || {
                for line in BufReader::new(printed).lines() {
                    let line = line.expect("the output is UTF-8");
                    output
                        .lock()
                        .expect("the lock is not poisoned")
                        .push_str(&(line + "\n"));
                }
            }
        });
        Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            output,
            listener: Some(listener),
        }
    }

    /// Waits until the service prints these words, and returns the address that follows them.
    pub(crate) fn wait_for_address_after(&mut self, words: &str) -> SocketAddr {
        let output = self.wait_for_output(words);
        let (_, after) = output
            .split_once(words)
            .expect("the output contains the words");
        let address: String = after
            .chars()
            .take_while(|c| c.is_ascii_digit() || ".:".contains(*c))
            .collect();
        address.parse().expect("an address")
    }

    /// Returns the address of the administrators' listener. `WTS_METRICS_LISTEN` must be set.
    pub(crate) fn operations(&mut self) -> SocketAddr {
        self.wait_for_address_after("metrics on http://")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Returns what the service has printed.
    pub(crate) fn output(&self) -> String {
        self.output
            .lock()
            .expect("the lock is not poisoned")
            .clone()
    }

    /// Waits until the service has printed `text`, and returns all that it has printed.
    pub(crate) fn wait_for_output(&mut self, text: &str) -> String {
        let start = SystemTime::now();
        loop {
            let output = self.output();
            if output.contains(text) {
                return output;
            }
            let ended = self
                .child
                .try_wait()
                .expect("the status of the process can be read");
            assert!(
                ended.is_none(),
                "wts ended with {ended:?} and printed: {output}"
            );
            assert!(
                start.elapsed().unwrap_or_default() < WAIT_TIMEOUT,
                "expected {text:?}, found: {output}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a `GET` request with a token.
    pub(crate) fn get(&self, path: &str, token: &str) -> Response {
        self.request(
            "GET",
            path,
            &[("Authorization", &format!("Bearer {token}"))],
        )
    }

    /// Sends a request without a body.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.address
        );
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request += "\r\n";
        Response::parse(&self.send(request.as_bytes()))
    }

    /// Sends a signal to the service.
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
        let child = children
            .expect("/proc lists the children")
            .trim()
            .to_owned();
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
        let status = self.child.wait().expect("the process ends");
        if let Some(listener) = self.listener.take() {
            listener.join().expect("the listener does not panic");
        }
        (status, self.output())
    }

    /// Sends bytes and returns all received bytes.
    pub(crate) fn send(&self, bytes: &[u8]) -> Vec<u8> {
        send(self.address, bytes)
    }
}

/// Waits until a condition is true. `what` describes the condition.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = SystemTime::now();
    while !condition() {
        assert!(
            start.elapsed().unwrap_or_default() < WAIT_TIMEOUT,
            "never: {what}"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a `GET` request without a token to this address.
pub(crate) fn get(address: SocketAddr, path: &str) -> Response {
    let request = format!("GET {path} HTTP/1.1\r\nHost: wts\r\nConnection: close\r\n\r\n");
    Response::parse(&send(address, request.as_bytes()))
}

/// Sends bytes and returns all received bytes.
pub(crate) fn send(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream
        .set_read_timeout(Some(WAIT_TIMEOUT))
        .expect("a timeout can be set");
    // Writing can fail, because a server that rejects a request need not read all of it.
    let _ = stream.write_all(bytes);
    let _ = stream.flush();
    let mut response = Vec::new();
    if let Err(error) = stream.read_to_end(&mut response) {
        assert!(
            error.kind() == std::io::ErrorKind::ConnectionReset,
            "the response did not end: {error}, after {:?}",
            String::from_utf8_lossy(&response)
        );
    }
    let _ = stream.shutdown(Shutdown::Both);
    response
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
