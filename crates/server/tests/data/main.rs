//! Tests of the commands export, import, generate and verify with the real binary.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod interrupted;
mod moving;
mod refused;
#[path = "../support/mod.rs"]
mod support;

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use support::{Service, outcome, token, wts};
use tempfile::TempDir;
use wts_adapter_file::FileSink;
use wts_app::HistorySink;
use wts_domain::Access;
use wts_generator::arbitrary::postgres_histories;
use wts_testkit::{ALICE, BOB, Database, Kind, sample_records};

/// A temporary directory for files of histories.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory can be created"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Returns the path of a file as a command-line argument.
    fn arg(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Generates a file with sample data of 300 tickets and returns its path.
    fn sample_file(&self) -> String {
        let file = self.arg("sample.jsonl");
        succeed(&mut wts(&[
            "generate",
            "--tickets",
            "300",
            "--days",
            "200",
            "--output",
            &file,
        ]));
        file
    }
}

/// Returns the output of a command that succeeds.
fn succeed(command: &mut Command) -> String {
    let (status, stdout, stderr) = outcome(command);
    assert!(status.success(), "{command:?}: {stderr}");
    stdout
}

/// Runs a command that must fail, and returns its error output.
fn fail(command: &mut Command) -> String {
    let (status, stdout, stderr) = outcome(command);
    assert_eq!(status.code(), Some(1), "{command:?}: {stdout}{stderr}");
    stderr
}

fn on(database: &str, arguments: &[&str]) -> Command {
    let mut command = wts(arguments);
    command.env("WTS_DATABASE_URL", database);
    command
}

fn same(one: &str, other: &str) -> bool {
    fs::read(one).expect("a file") == fs::read(other).expect("a file")
}
