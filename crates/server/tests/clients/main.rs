//! The example clients in `examples`, in Rust and in Node, against a scripted server and against the service. The tests of
//! the pages run the client in JavaScript in a browser.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod faults;
mod scripted;
#[path = "../support/mod.rs"]
mod support;

use std::{
    env, fs,
    io::Read,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    skipped::{self, SKIPPED},
    wait_until,
};

/// An example client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    Rust,
    Node,
}

impl Client {
    /// Returns the command that starts the client. Returns `None` if Node is not installed.
    fn command(self) -> Option<Command> {
        match self {
            Self::Rust => Some(Command::new(rust_client())),
            Self::Node => {
                let mut node = Command::new("node");
                let version = node.arg("--version").stdout(Stdio::null()).status();
                if version.is_err() {
                    let is_listed = skipped::list("the client in JavaScript, which needs Node");
                    assert!(
                        is_listed,
                        "Node is not installed; {SKIPPED} names a file to list such tests in"
                    );
                    return None;
                }
                let mut node = Command::new("node");
                node.arg(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/../adapter-http/examples/follow-to-file.js"
                ));
                Some(node)
            }
        }
    }
}

/// Returns the path of `follow.rs`, which `cargo test` builds as an example.
fn rust_client() -> PathBuf {
    let tests = env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("examples/follow");
    assert!(
        program.exists(),
        "run `cargo build -p wts-server --examples`"
    );
    program
}

/// A client process with its token file and its output file. It is killed when dropped.
struct Follower {
    url: String,
    client: Client,
    directory: TempDir,
    process: Child,
}

impl Follower {
    /// Starts a client that treats a connection as dead after 3 s. Returns `None` if it cannot run here.
    fn start(client: Client, url: &str, token: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("token"), token).unwrap();
        let process = Self::spawn(client, url, &directory)?;
        Some(Self {
            url: url.to_owned(),
            client,
            directory,
            process,
        })
    }

    fn spawn(client: Client, url: &str, directory: &TempDir) -> Option<Child> {
        let mut command = client.command()?;
        command.arg(url).args(["token", "output", "3"]);
        command.current_dir(directory.path()).stderr(Stdio::piped());
        Some(command.spawn().unwrap())
    }

    fn token_file(&self) -> PathBuf {
        self.directory.path().join("token")
    }

    /// Kills the process, leaves an incomplete line in its output, and starts it again.
    fn crash(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let output = self.directory.path().join("output");
        let mut bytes = fs::read(&output).unwrap();
        bytes.extend(br#"{"id":"incomplete","#);
        fs::write(&output, bytes).unwrap();
        self.process = Self::spawn(self.client, &self.url, &self.directory).unwrap();
    }

    /// Returns the complete lines of the output.
    fn lines(&self) -> Vec<Value> {
        let output = self.directory.path().join("output");
        let output = fs::read_to_string(output).unwrap_or_default();
        let complete = output.rsplit_once('\n').map_or("", |(lines, _)| lines);
        let lines = complete.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Waits until the process ends with an error, and returns what it has printed.
    fn error(mut self) -> String {
        let process = &mut self.process;
        wait_until("the client ends", || process.try_wait().unwrap().is_some());
        let mut stderr = String::new();
        let mut pipe = self.process.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        let status = self.process.wait().unwrap();
        assert_eq!(status.code(), Some(1), "{stderr}");
        stderr
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Declares these tests for both clients.
macro_rules! for_each_client {
    ($($story:ident)+) => {
        mod rust { $(#[test] fn $story() { crate::scripted::$story(crate::Client::Rust); })+ }
        mod node { $(#[test] fn $story() { crate::scripted::$story(crate::Client::Node); })+ }
    };
}

for_each_client! {
    client_parses_and_resumes_a_stream
    client_waits_for_the_server
    client_renews_a_refused_token
    client_stops_after_a_final_reason
    malformed_token_is_not_printed
}
