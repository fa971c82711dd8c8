//! The beginning and the end of throw-away servers.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use wts_test_postgres::PostgresServer;

/// The program `test-postgres`, and the URL of the server that it has started.
fn program_with_server() -> (Child, BufReader<ChildStdout>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_test-postgres"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(program.stdout.take().unwrap());
    let mut url = String::new();
    output.read_line(&mut url).unwrap();
    (program, output, url.trim().to_owned())
}

/// Host and port.
fn address(url: &str) -> &str {
    let (_, after) = url.rsplit_once('@').unwrap();
    after.split('/').next().unwrap()
}

/// The data directory of the server at this URL.
fn data_directory(server: &PostgresServer) -> PathBuf {
    let mut psql = server.command("psql");
    let output = psql.args([
        "--tuples-only",
        "--no-align",
        "--command",
        "show data_directory",
    ]);
    let output = output.output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().into()
}

#[test]
fn dropped_server_is_gone_with_its_directory() {
    let server = PostgresServer::start(&[]).unwrap();
    let url = server.url("postgres");
    let data = data_directory(&server);
    assert!(TcpStream::connect(address(&url)).is_ok());
    drop(server);
    assert!(TcpStream::connect(address(&url)).is_err());
    assert!(!data.exists());
}

#[test]
fn paused_server_is_removed_too() {
    let server = PostgresServer::start(&[]).unwrap();
    let data = data_directory(&server);
    server.pause();
    drop(server);
    assert!(!data.exists());
}

#[test]
fn server_of_a_killed_process_stops() {
    let (mut program, _output, url) = program_with_server();
    assert!(TcpStream::connect(address(&url)).is_ok());
    program.kill().unwrap();
    program.wait().unwrap();
    let begun = Instant::now();
    while TcpStream::connect(address(&url)).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn killed_server_starts_again_with_its_data() {
    let server = PostgresServer::start(&[]).unwrap();
    server.execute("create table kept ()").unwrap();
    server.kill();
    assert!(server.execute("select").is_err());
    server.restart().unwrap();
    server.execute("select from kept").unwrap();
}

#[test]
fn standby_replays_what_the_primary_writes() {
    let primary = PostgresServer::start(&["max_connections=20"]).unwrap();
    let standby = primary.start_standby().unwrap();
    primary.execute("create table replicated ()").unwrap();
    let begun = Instant::now();
    while standby.execute("select from replicated").is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    assert!(standby.execute("create table refused ()").is_err());
}

#[test]
fn url_without_the_password_is_rejected() {
    let server = PostgresServer::start(&[]).unwrap();
    let mut psql = server.command("psql");
    psql.env("PGPASSWORD", "wrong")
        .args(["--command", "select"]);
    assert!(!psql.output().unwrap().status.success());
}
