//! Tests of the cancellation of commands by a signal.

use std::process::Child;

use super::*;

/// Sends a signal to a process, waits for its end and returns its exit code.
fn exit_code_after(mut child: Child, signal: &str) -> Option<i32> {
    let kill = Command::new("kill")
        .args(["-s", signal, &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    child.wait().unwrap().code()
}

fn wait_until(mut reached: impl FnMut() -> bool) {
    while !reached() {
        thread::sleep(Duration::from_millis(10));
    }
}

/// Starts a command and waits until it has installed its signal handlers.
fn start(command: &mut Command) -> Child {
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let caught = format!("/proc/{}/status", child.id());
    wait_until(|| {
        let status = fs::read_to_string(&caught).unwrap();
        let signals = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))
            .unwrap();
        // SIGHUP, SIGINT and SIGTERM.
        let all = 1 | 1 << 1 | 1 << 14;
        u64::from_str_radix(signals.trim(), 16).unwrap() & all == all
    });
    child
}

#[test]
fn cancelled_generate_removes_its_file() {
    for signal in ["INT", "TERM", "HUP"] {
        let files = Files::new();
        let file = files.arg("large.jsonl");
        let generate = start(&mut wts(&[
            "generate",
            "--tickets",
            "1000000",
            "--force",
            "-o",
            &file,
        ]));
        let names = || fs::read_dir(files.0.path()).unwrap().count();
        wait_until(|| names() > 0);
        assert_eq!(exit_code_after(generate, signal), Some(130), "{signal}");
        assert_eq!(names(), 0, "{signal}");
    }
}

#[test]
fn import_waiting_for_input_can_be_cancelled() {
    let database = Database::new(Kind::Sqlite);
    let import = start(&mut on(&database.url(), &["import"]));
    assert_eq!(
        exit_code_after(import, "TERM"),
        Some(130),
        "before the first byte"
    );

    let mut import = start(&mut on(&database.url(), &["import"]));
    let input = import.stdin.as_mut().unwrap();
    let header = r#"{"type":"header","format":"wts-histories","version":1}"#;
    writeln!(input, "{header}").unwrap();
    assert_eq!(exit_code_after(import, "TERM"), Some(130), "in the middle");
}

#[test]
fn command_waiting_for_a_lock_can_be_cancelled() {
    let database = Database::with(Kind::Postgres, sample_records());
    let (files, url) = (Files::new(), database.owner_url_text());
    let names = || fs::read_dir(files.0.path()).unwrap().count();
    database.while_locked("wts.tickets", || {
        let file = files.arg("never.jsonl");
        let export = start(&mut on(&url, &["export", "--force", "-o", &file]));
        wait_until(|| names() > 0);
        assert_eq!(exit_code_after(export, "TERM"), Some(130));
        assert_eq!(names(), 0);
    });
    let sample = files.sample_file();
    database.while_locked("wts.tickets", || {
        let import = start(&mut on(&url, &["import", &sample]));
        assert_eq!(exit_code_after(import, "TERM"), Some(130));
    });
}

#[test]
fn cancelled_import_is_rolled_back() {
    let files = Files::new();
    let large = files.arg("large.jsonl");
    succeed(&mut wts(&[
        "generate",
        "--tickets",
        "4000",
        "--force",
        "-o",
        &large,
    ]));
    let whole = fs::read(&large).unwrap();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::new(kind);
        let url = database.owner_url_text();
        let mut import = start(&mut on(&url, &["import"]));
        let input = import.stdin.as_mut().unwrap();
        // The end of the file is missing, so that the import is incomplete when the signal arrives.
        input.write_all(&whole[..whole.len() - 200]).unwrap();
        assert_eq!(exit_code_after(import, "INT"), Some(130), "{kind:?}");
        let after = succeed(&mut on(&url, &["export"]));
        assert!(after.contains("\"tickets\":0,"), "{kind:?}: {after}");
        succeed(&mut on(&url, &["import", &large]));
    }
}
