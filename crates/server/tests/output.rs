//! Tests of the outputs of commands: which files they replace, and how they handle errors on standard output.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs::{self, File},
    io::{self, PipeWriter},
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{SECRET, outcome, wts};

/// Creates a directory with the migrated database `x.db` and the file of histories `g.jsonl`.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [
        &["migrate"][..],
        &["generate", "--tickets", "3", "-o", "g.jsonl"],
        &["import", "g.jsonl"],
    ] {
        let (status, _, stderr) = outcome(&mut command(directory.path(), arguments));
        assert!(status.success(), "{stderr}");
    }
    directory
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = wts(arguments);
    command
        .current_dir(directory)
        .env("WTS_DATABASE_URL", "sqlite:x.db")
        .env("WTS_JWT_SECRET", SECRET);
    command
}

/// Runs a command with this standard output, and returns its exit code and what it wrote to standard error.
fn outcome_into(
    stdout: impl Into<Stdio>,
    directory: &Path,
    arguments: &[&str],
) -> (Option<i32>, String) {
    let mut command = command(directory, arguments);
    command.stdout(stdout).stderr(Stdio::piped());
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Returns a file on a full disk.
fn full_disk() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// Returns a pipe whose reader has been closed.
fn closed_pipe() -> PipeWriter {
    let (_, writer) = io::pipe().unwrap();
    writer
}

#[test]
fn configured_database_is_never_replaced() {
    let directory = directory();
    let path = directory.path();
    symlink("x.db", path.join("link.db")).unwrap();
    fs::hard_link(path.join("x.db"), path.join("hard.db")).unwrap();
    fs::copy(path.join("x.db"), path.join("other.db")).unwrap();
    let before = fs::read(path.join("x.db")).unwrap();
    let absolute = path.join("x.db").display().to_string();
    for output in [
        "x.db",
        "./x.db",
        &absolute,
        "link.db",
        "hard.db",
        "other.db",
        "x.db-wal",
        "x.db-shm",
        "x.db-journal",
    ] {
        for subcommand in ["export", "generate"] {
            let arguments = [subcommand, "--force", "-o", output];
            let (status, _, stderr) = outcome(&mut command(path, &arguments));
            assert_eq!(status.code(), Some(1), "{output}: {stderr}");
            assert!(
                stderr.contains("expected another file"),
                "{output}: {stderr}"
            );
        }
    }
    let appended = File::options()
        .append(true)
        .open(path.join("x.db"))
        .unwrap();
    let status = command(path, &["export"])
        .stdout(appended)
        .stderr(Stdio::null())
        .status();
    assert_eq!(status.unwrap().code(), Some(1));
    assert_eq!(fs::read(path.join("x.db")).unwrap(), before);
}

#[test]
fn existing_file_is_replaced_only_with_force() {
    let directory = directory();
    let path = directory.path();
    fs::write(path.join("notes.txt"), "old").unwrap();
    let generate = ["generate", "--tickets", "1", "-o", "notes.txt"];
    let (status, _, stderr) = outcome(&mut command(path, &generate));
    assert!(!status.success() && stderr.contains("--force"), "{stderr}");
    assert_eq!(fs::read(path.join("notes.txt")).unwrap(), b"old");

    let appended = File::options()
        .append(true)
        .open(path.join("notes.txt"))
        .unwrap();
    let mut to_descriptor = command(path, &["export", "--force", "-o", "/dev/stdout"]);
    assert!(
        !to_descriptor
            .stdout(appended)
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(fs::read(path.join("notes.txt")).unwrap(), b"old");

    let (status, ..) = outcome(command(path, &generate).arg("--force"));
    assert!(status.success());
    assert!(
        fs::read(path.join("notes.txt"))
            .unwrap()
            .starts_with(b"{\"type\":\"header\"")
    );
}

#[test]
fn name_of_the_file_selects_the_compression() {
    let directory = directory();
    let path = directory.path();
    for (name, magic) in [
        ("a.jsonl.gz", &[0x1f, 0x8b][..]),
        ("A.ZST", &[0x28, 0xb5]),
        ("a.jsonl", b"{\""),
    ] {
        let (status, _, stderr) = outcome(&mut command(path, &["export", "-o", name]));
        assert!(status.success(), "{stderr}");
        assert!(
            fs::read(path.join(name)).unwrap().starts_with(magic),
            "{name}"
        );
        let (status, _, stderr) = outcome(&mut command(path, &["verify", name]));
        assert!(status.success(), "{stderr}");
    }
    let (status, _, stderr) = outcome(&mut command(path, &["export", "-o", "a.xz"]));
    assert!(
        !status.success() && stderr.contains("cannot compress to .xz"),
        "{stderr}"
    );
}

#[test]
fn full_disk_fails_every_command_with_a_sentence() {
    let directory = directory();
    for arguments in [
        &["config"][..],
        &["openapi"],
        &["doctor"],
        &["verify"],
        &["migrate"],
        &["export"],
        &["token", "--sid", "1", "--access", "user"],
        &["show", "123"],
        &["tail"],
        &["--help"],
        &["--version"],
        &["demo", "--port", "0"],
    ] {
        let (code, stderr) = outcome_into(full_disk(), directory.path(), arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains("No space left on device"),
            "{arguments:?}: {stderr}"
        );
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn import_is_reported_as_committed_if_its_output_is_lost() {
    for stdout in [Stdio::from(full_disk()), closed_pipe().into()] {
        let directory = directory();
        fs::remove_file(directory.path().join("x.db")).unwrap();
        let (status, ..) = outcome(&mut command(directory.path(), &["migrate"]));
        assert!(status.success());
        let (code, stderr) = outcome_into(stdout, directory.path(), &["import", "g.jsonl"]);
        assert_eq!(code, Some(1));
        assert!(stderr.contains("imported 18 staff, 3 tickets"), "{stderr}");
    }
}

#[test]
fn closed_pipe_ends_commands_without_a_message() {
    let directory = directory();
    for arguments in [
        &["config"][..],
        &["openapi"],
        &["doctor"],
        &["verify"],
        &["show", "123"],
        &["tail"],
        &["generate", "--tickets", "100000"],
    ] {
        let (code, stderr) = outcome_into(closed_pipe(), directory.path(), arguments);
        // This is the exit code of a program that SIGPIPE ended.
        assert_eq!(code, Some(141), "{arguments:?}: {stderr}");
        assert_eq!(stderr, "", "{arguments:?}");
    }
}
