//! Tests of starting, stopping and removing temporary servers.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use wts_test_postgres::PostgresServer;

const TIMEOUT: Duration = Duration::from_secs(20);

/// Returns whether a server listens at the address of this URL.
fn is_listening(url: &str) -> bool {
    let (_, after) = url.rsplit_once('@').unwrap();
    TcpStream::connect(after.split('/').next().unwrap()).is_ok()
}

#[test]
fn dropped_server_is_stopped_and_its_directory_removed() {
    let server = PostgresServer::start(&[]).unwrap();
    let url = server.url("postgres");
    let directory = server.directory().to_owned();
    assert!(is_listening(&url) && directory.exists());
    drop(server);
    assert!(!is_listening(&url) && !directory.exists());
}

#[test]
fn directory_of_a_dropped_paused_server_is_removed() {
    let server = PostgresServer::start(&[]).unwrap();
    let directory = server.directory().to_owned();
    server.pause();
    drop(server);
    assert!(!directory.exists());
}

#[test]
fn server_of_a_killed_process_is_stopped_and_removed() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_test-postgres"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let url = lines.next().unwrap().unwrap();
    let directory = PathBuf::from(lines.next().unwrap().unwrap());
    assert!(is_listening(&url) && directory.exists());
    program.kill().unwrap();
    program.wait().unwrap();
    let begun = Instant::now();
    while is_listening(&url) || directory.exists() {
        assert!(begun.elapsed() < TIMEOUT);
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn killed_server_restarts_with_its_data() {
    let server = PostgresServer::start(&[]).unwrap();
    server.execute("create table kept ()").unwrap();
    server.kill();
    assert!(server.execute("select").is_err());
    server.restart().unwrap();
    server.execute("select from kept").unwrap();
}

#[test]
fn standby_replays_writes_of_primary() {
    let primary = PostgresServer::start(&["max_connections=20"]).unwrap();
    let standby = primary.start_standby().unwrap();
    primary.execute("create table replicated ()").unwrap();
    let begun = Instant::now();
    while standby.execute("select from replicated").is_err() {
        assert!(begun.elapsed() < TIMEOUT);
    }
    assert!(standby.execute("create table rejected ()").is_err());
}

#[test]
fn wrong_password_is_rejected() {
    let server = PostgresServer::start(&[]).unwrap();
    let mut psql = server.command("psql");
    psql.env("PGPASSWORD", "wrong")
        .args(["--command", "select"]);
    assert!(!psql.output().unwrap().status.success());
}
