//! Tests of `wts tail`: every trace is printed once, whatever happens to the database and to the reader of the output.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::{
    fs::{self, File},
    io::Read,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use wts_domain::{Access, Status, Trace};
use wts_testkit::{
    ALICE, Database, Endings, Kind, Records, TraceWriters, sample_records, server_with, trace_of,
};

use crate::support::{Service, outcome, token, wait_until, wts};

fn command(url: &str, arguments: &[&str]) -> Command {
    let mut command = wts(&["tail"]);
    command.args(arguments).env("WTS_DATABASE_URL", url);
    command
}

/// A `wts tail` whose output goes to files. It is killed when dropped.
struct Tail {
    child: Child,
    files: TempDir,
}

impl Tail {
    fn start(url: &str, arguments: &[&str]) -> Self {
        let files = tempfile::tempdir().unwrap();
        let create = |name| File::create(files.path().join(name)).unwrap();
        let mut command = command(url, arguments);
        command.stdout(create("stdout")).stderr(create("stderr"));
        let child = command.spawn().unwrap();
        Self { child, files }
    }

    fn stdout(&self) -> String {
        fs::read_to_string(self.files.path().join("stdout")).unwrap()
    }

    fn stderr(&self) -> String {
        fs::read_to_string(self.files.path().join("stderr")).unwrap()
    }

    fn wait_for_lines(&self, count: usize) -> Vec<String> {
        wait_until("the lines are printed", || {
            self.stdout().lines().count() >= count
        });
        self.stdout().lines().map(str::to_owned).collect()
    }

    fn wait_for_message(&self, message: &str) {
        wait_until(message, || self.stderr().contains(message));
    }

    /// Returns the `opid` of each printed line of JSON.
    fn opids(&self) -> Vec<i64> {
        let lines = self.stdout();
        let objects = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        objects
            .map(|object| object["opid"].as_i64().unwrap())
            .collect()
    }

    fn stop(mut self, signal: &str) -> (ExitStatus, String) {
        send_signal(&self.child, signal);
        (self.child.wait().unwrap(), self.stderr())
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn send_signal(child: &Child, signal: &str) {
    let process = child.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &process]).status();
    assert!(sent.unwrap().success());
}

fn insert(database: &Database, traces: Vec<Trace>) {
    database.insert(Records {
        traces,
        ..Records::default()
    });
}

fn new_traces_are_printed(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let text = Tail::start(&database.url(), &["-n", "2", "--utc"]);
    let json = Tail::start(
        &database.url(),
        &["--json", "--after", "2", "--tid", "124,123"],
    );
    let solved = ["--op", "W007", "--status", "solved", "--json"];
    let solved = Tail::start(&database.url(), &solved);
    // A line shows that a later trace is new.
    text.wait_for_lines(2);
    json.wait_for_lines(3);
    solved.wait_for_lines(1);

    let call = trace_of(123, 20, 30_000, "W007", "回访");
    let mut solved_again = trace_of(124, 21, 30_060, "W007", "");
    solved_again.new_status = Some(Status::Solved);
    insert(&database, vec![call, solved_again]);

    let lines = text.wait_for_lines(4);
    assert_eq!(
        lines[2],
        "2025-12-06 18:20     123  詹姆斯 W007       ┊ 回访"
    );
    assert_eq!(
        lines[3],
        "2025-12-06 18:21     124  詹姆斯 W007       Solved"
    );
    json.wait_for_lines(5);
    assert_eq!(json.opids(), [3, 5, 9, 20, 21]);
    solved.wait_for_lines(2);
    assert_eq!(solved.opids(), [3, 21]);

    let service = Service::on(&database.url());
    let feed = service.get("/api/v3/traces?tid=123,124", &token("", Access::Dev));
    let printed = json.stdout();
    let printed: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(printed, feed.json()["traces"].as_array().unwrap()[2..]);
    for (tail, signal) in [(text, "INT"), (json, "TERM"), (solved, "INT")] {
        let (status, stderr) = tail.stop(signal);
        assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn new_traces_are_printed_from_sqlite() {
    new_traces_are_printed(Kind::Sqlite);
}

#[test]
fn new_traces_are_printed_from_postgres() {
    new_traces_are_printed(Kind::Postgres);
}

#[test]
fn new_traces_are_printed_from_wts_v3() {
    new_traces_are_printed(Kind::WtsV3);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trace_is_printed_once_over_a_crash_of_postgres() {
    const WRITERS: usize = 8;
    let server = server_with(sample_records());
    let url = server.url("postgres");
    TraceWriters::prepare(&url, WRITERS, ALICE).await;
    let tail = Tail::start(&url, &["-n", "1", "--json"]);
    tail.wait_for_lines(1);
    let writers = TraceWriters::start(move || url.clone(), WRITERS, Endings::OnePhase);

    wait_until("traces are committed", || writers.committed() > 30);
    server.kill();
    tail.wait_for_message("the feed cannot be read, retrying");
    server.restart().unwrap();
    tail.wait_for_message("the feed can be read again");
    let committed = writers.committed();
    wait_until("traces are committed", || {
        writers.committed() > committed + 30
    });
    writers.stop().await;

    let sql = "select opid from wts.ticket_traces where opid >= 9 order by opid";
    let mut psql = server.command("psql");
    let psql = psql.args(["--no-psqlrc", "-At", "--command", sql]);
    let (_, opids, _) = outcome(psql);
    let opids: Vec<i64> = opids.lines().map(|opid| opid.parse().unwrap()).collect();
    tail.wait_for_lines(opids.len());
    assert_eq!(tail.opids(), opids);
    let stderr = tail.stderr();
    assert_eq!(stderr.matches("cannot be read").count(), 1, "{stderr}");
}

#[test]
fn removed_sqlite_file_is_followed_when_it_is_back() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let tail = Tail::start(&database.url(), &["-n", "1", "--json"]);
    tail.wait_for_lines(1);
    let file: PathBuf = database.url().trim_start_matches("sqlite:").into();
    let aside = file.with_extension("aside");

    fs::rename(&file, &aside).unwrap();
    tail.wait_for_message("the feed cannot be read, retrying");
    fs::rename(&aside, &file).unwrap();
    insert(&database, vec![trace_of(123, 20, 30_000, "-1", "")]);

    tail.wait_for_lines(2);
    assert_eq!(tail.opids(), [9, 20]);
    tail.wait_for_message("the feed can be read again");
}

#[test]
fn closed_pipe_ends_tail_although_there_are_no_new_traces() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let mut command = command(&database.url(), &["-n", "0"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn signal_ends_tail_although_its_reader_has_stopped() {
    let database = Database::with(Kind::Sqlite, sample_records());
    // More than a pipe holds.
    let traces = (20..60).map(|opid| trace_of(123, opid, opid, "-1", &"慢".repeat(5_000)));
    insert(&database, traces.collect());
    let mut command = command(&database.url(), &["-n", "100"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();

    send_signal(&child, "TERM");

    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn database_that_cannot_be_read_at_the_start_is_an_error() {
    let (status, stdout, stderr) = outcome(&mut command("sqlite:/none", &[]));
    assert_eq!((status.code(), stdout.as_str()), (Some(1), ""));
    let expected = "wts: WTS_DATABASE_URL: there is no database file at ";
    assert!(stderr.starts_with(expected), "{stderr}");
}
