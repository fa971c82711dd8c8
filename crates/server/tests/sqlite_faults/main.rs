//! Tests of faults of an SQLite file: corruption, removal, a full disk, missing permissions.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

use std::{
    env, fs,
    os::unix::fs::{FileExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records, trace_of};

use crate::support::{Response, SECRET, Service, get, namespace, outcome, token, wait_until, wts};

const TRACES: &str = "/api/v3/get_traces?tid=123";

fn file_of(database: &Database) -> PathBuf {
    database.url().trim_start_matches("sqlite:").into()
}

fn status(service: &Service, ticket: u32) -> u16 {
    let path = format!("/api/v3/get_traces?tid={ticket}");
    service.get(&path, &token("", Access::Dev)).status
}

#[test]
fn corrupt_page_affects_only_the_histories_on_it() {
    let mut records = sample_records();
    // These traces fill many pages.
    for opid in 1_000..3_000 {
        let remark = format!("{opid}: {}", "很长的备注".repeat(20));
        records
            .traces
            .push(trace_of(125, opid, opid, "-1", &remark));
    }
    let database = Database::with(Kind::Sqlite, records);
    database.execute("pragma wal_checkpoint(truncate)");
    let file = file_of(&database);
    let bytes = fs::read(&file).unwrap();
    let at = find(&bytes, "2000: 很长".as_bytes());
    let page = at / 4_096 * 4_096;
    // The header of the page and its cell pointers.
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .and_then(|file| file.write_all_at(&[0xFF; 512], page as u64))
        .unwrap();

    let service = Service::on(&database.url());

    assert_eq!(
        status(&service, 125),
        500,
        "an incomplete history must not be returned"
    );
    assert_eq!(status(&service, 123), 200);
    let (_, log) = service.stop("TERM");
    assert!(log.contains("malformed"), "{log}");
}

#[test]
fn removed_file_is_detected_and_a_new_one_is_read() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let mut service = Service::with(&database.url(), &[("WTS_METRICS_LISTEN", "127.0.0.1:0")]);
    let operations = service.operations();
    assert_eq!(status(&service, 123), 200);
    let file = file_of(&database);
    let aside = file.with_extension("aside");

    fs::rename(&file, &aside).unwrap();
    assert_eq!(status(&service, 123), 500);
    wait_until("unready", || get(operations, "/readyz").status == 503);

    // The file is replaced by another database, such as a restored backup.
    let mut records = sample_records();
    records.traces.push(trace_of(123, 77, 77, "-1", ""));
    let another = Database::with(Kind::Sqlite, records);
    another.execute("pragma wal_checkpoint(truncate)");
    fs::copy(file_of(&another), &file).unwrap();
    assert_eq!(
        service.get(TRACES, &token(ALICE, Access::User)).opids(),
        [1, 77, 3]
    );
    wait_until("ready", || get(operations, "/readyz").status == 200);
}

/// Without the lock, a writer with a version of SQLite before 3.51 deletes the write-ahead log when it closes the file. Then
/// the service would not read the traces of later writers.
#[test]
fn service_holds_a_lock_on_the_file() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::on(&database.url());
    assert_eq!(status(&service, 123), 200);

    let inode = fs::metadata(file_of(&database)).unwrap().ino();
    let (process, inode) = (service.process().to_string(), format!(":{inode}"));
    let locks = fs::read_to_string("/proc/locks").unwrap();
    let is_held = locks.lines().any(|lock| {
        let fields: Vec<_> = lock.split_whitespace().collect();
        fields.contains(&&*process) && fields.iter().any(|field| field.ends_with(&inode))
    });
    assert!(is_held, "{locks}");
}

#[test]
fn killed_writer_leaves_complete_histories() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::on(&database.url());
    for _ in 0..5 {
        let mut writer = Command::new(pair_writer())
            .arg(file_of(&database))
            .spawn()
            .unwrap();
        let written = count(&service);
        wait_until("two more traces", || count(&service) > written);
        writer.kill().unwrap();
        writer.wait().unwrap();
        for _ in 0..5 {
            count(&service);
        }
    }
}

/// Returns the path of the program `pair_writer.rs`, which `cargo test` builds as an example.
fn pair_writer() -> PathBuf {
    let tests = env::current_exe().unwrap();
    let program = tests
        .ancestors()
        .nth(2)
        .unwrap()
        .join("examples/pair-writer");
    assert!(
        program.exists(),
        "run `cargo build -p wts-server --examples`"
    );
    program
}

/// Returns the number of traces of the ticket to which the writer adds traces in pairs.
fn count(service: &Service) -> usize {
    let response = service.get(TRACES, &token(ALICE, Access::User));
    let count = response.opids().len();
    assert_eq!(count % 2, 0, "a pair of traces is incomplete");
    count
}

fn find(bytes: &[u8], pattern: &[u8]) -> usize {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
        .expect("it is in the file")
}

/// Runs a shell script that prepares the database, starts the service, injects the fault and requests ticket 123. Returns
/// the response, or the output of the service if it does not start. Returns `None` if this system does not allow mounts.
///
/// In `preparation` and `happening`, `$1` is the database file and `$2` is a token.
fn response_after_fault(preparation: &str, happening: &str, database: &Database) -> Option<String> {
    database.execute("pragma wal_checkpoint(truncate)");
    let script = format!(
        r#"mount -t tmpfs none /mnt
        mkdir /mnt/disk
        {preparation}
        export WTS_DATABASE_URL=sqlite:/mnt/disk/wts.db
        "$WTS" serve 2> /mnt/log & service=$!
        for _ in $(seq 300); do
            grep -qs 'listening on' /mnt/log && break
            kill -0 $service 2>/dev/null || {{ cat /mnt/log; exit 1; }}
            sleep 0.1
        done
        {happening}
        address=$(sed -n 's/.*listening on http:..//p' /mnt/log)
        exec 3<> "/dev/tcp/${{address%:*}}/${{address##*:}}"
        printf 'GET /api/v3/get_traces?tid=123 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n' "$2" >&3
        cat <&3
        kill $service
        wait $service"#
    );
    let mut command = namespace::unshare(&["--mount"], &["mount", "-t", "tmpfs", "none", "/mnt"])?;
    // The script needs bash, which can open TCP connections.
    command
        .args(["bash", "-ec", &script, "bash"])
        .arg(file_of(database))
        .arg(token(ALICE, Access::User))
        .env("WTS_JWT_SECRET", SECRET)
        .env("WTS_LISTEN", "127.0.0.1:0")
        .env("WTS", env!("CARGO_BIN_EXE_wts"))
        .env("WRITER", pair_writer());
    let (_, stdout, stderr) = outcome(&mut command);
    Some(stdout + &stderr)
}

#[test]
fn database_on_a_read_only_medium_is_served() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let preparation = r#"
        mount -t tmpfs none /mnt/disk
        cp "$1" /mnt/disk/wts.db
        mount -o remount,ro /mnt/disk"#;
    if let Some(output) = response_after_fault(preparation, "", &database) {
        assert!(output.starts_with("HTTP/1.1 200 "), "{output}");
        assert!(output.contains(r#""opid":3"#), "{output}");
    }
}

#[test]
fn full_disk_prevents_startup() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let preparation = r#"
        mount -t tmpfs -o size=1m none /mnt/disk
        cp "$1" /mnt/disk/wts.db
        cat /dev/zero > /mnt/disk/fill 2>/dev/null || true"#;
    // SQLite also writes when it reads: the list of readers, in a file in the same directory.
    if let Some(output) = response_after_fault(preparation, "", &database) {
        let error = "wts: WTS_DATABASE_URL: SQLite cannot open the database file";
        assert!(output.starts_with(error), "{output}");
        assert!(
            output.contains("disk I/O error") && output.contains("the disk needs free space"),
            "{output}"
        );
    }
}

#[test]
fn disk_full_at_runtime_leaves_complete_histories_readable() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let preparation = r#"
        mount -t tmpfs -o size=1m none /mnt/disk
        cp "$1" /mnt/disk/wts.db"#;
    // The writer ends when a write fails.
    let happening = r#"
        "$WRITER" /mnt/disk/wts.db > /mnt/writer 2>&1 && exit 1
        grep -q 'full\|disk I/O' /mnt/writer || { cat /mnt/writer; exit 1; }"#;
    if let Some(output) = response_after_fault(preparation, happening, &database) {
        assert!(output.starts_with("HTTP/1.1 200 "), "{output}");
        let (count, before) = (Response::parse(output.as_bytes()).opids().len(), 2);
        assert!(count > before && count % 2 == 0, "{count} traces");
    }
}

#[test]
fn missing_file_permissions_are_reported_with_a_remedy() {
    let Some(mut serve) = namespace::without_root_capabilities(env!("CARGO_BIN_EXE_wts")) else {
        return;
    };
    let database = Database::with(Kind::Sqlite, sample_records());
    database.execute("pragma wal_checkpoint(truncate)");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wts.db");
    fs::copy(file_of(&database), &file).unwrap();
    serve
        .arg("serve")
        .env("WTS_DATABASE_URL", format!("sqlite:{}", file.display()))
        .env("WTS_JWT_SECRET", SECRET)
        .env("WTS_LISTEN", "127.0.0.1:0");
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };

    for (file_mode, folder_mode) in [(0o444, 0o555), (0o644, 0o555), (0o000, 0o755)] {
        mode(&file, file_mode);
        mode(directory.path(), folder_mode);
        let (status, _, error) = outcome(&mut serve);
        mode(directory.path(), 0o755);
        assert_eq!(status.code(), Some(1), "{error}");
        assert!(
            error.starts_with("wts: WTS_DATABASE_URL: SQLite cannot open the database file")
                && error.contains("write to it and to its folder"),
            "{error}"
        );
    }
}

#[test]
fn file_that_is_not_a_database_prevents_startup() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wts.db");
    for (content, expected, remedy) in [
        ("", "the database has no tables", "wts migrate"),
        ("no database", "it is a text file", "check the path"),
        (
            &"no database at all, but long".repeat(100),
            "it is a text file",
            "check the path",
        ),
    ] {
        fs::write(&file, content).unwrap();
        let mut serve = wts(&["serve"]);
        serve
            .env("WTS_DATABASE_URL", format!("sqlite:{}", file.display()))
            .env("WTS_JWT_SECRET", SECRET)
            .env("WTS_LISTEN", "127.0.0.1:0");
        let (status, _, error) = outcome(&mut serve);
        assert_eq!(status.code(), Some(1), "{error}");
        assert!(
            error.contains(expected) && error.contains(remedy),
            "{error}"
        );
    }
}
