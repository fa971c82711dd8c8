//! Tests that `wts show` prints what the API returns.

use std::process::{Command, Stdio};

use wts_domain::Access;
use wts_testkit::{BOB, Database, Kind};

use crate::{
    served,
    support::{outcome, token, wts},
    traces_of,
};

fn show(database: &Database, arguments: &[&str]) -> Command {
    let mut command = wts(&["show"]);
    command
        .args(arguments)
        .env("WTS_DATABASE_URL", database.url());
    command
}

/// Returns the output of a command that must succeed without messages.
fn printed(command: &mut Command) -> String {
    let (status, stdout, stderr) = outcome(command);
    assert!(status.success(), "{stderr}");
    assert_eq!(stderr, "");
    stdout
}

pub(crate) fn show_prints_the_bodies_of_the_api(kind: Kind) {
    let (service, database) = served(kind);
    let body = |query: &str| {
        let response = service.get(&(traces_of("124") + query), &token(BOB, Access::User));
        assert_eq!(response.status, 200, "{response:?}");
        response.body
    };

    let json = printed(&mut show(&database, &["124", "--json"]));
    assert_eq!(json, body("&include=changes,state"));
    let csv = printed(&mut show(&database, &["124", "--csv"]));
    assert_eq!(csv, body("&include=changes&format=csv"));
    let early = "2025-12-06T10:00:30Z";
    let json = printed(&mut show(&database, &["124", "--json", "--as-of", early]));
    assert_eq!(json, body(&format!("&include=changes,state&as_of={early}")));
}

pub(crate) fn show_prints_a_page(kind: Kind) {
    let (_service, database) = served(kind);

    let page = printed(&mut show(&database, &["123", "--utc"]));
    assert!(page.starts_with("Ticket 123\n"), "{page}");
    let solved = "  15:30 ● 詹姆斯 W007";
    assert!(page.contains(solved), "{page}");
    assert!(page.contains("│ Status Open → Solved\n"), "{page}");

    let locale = [("LANG", "zh_CN.UTF-8"), ("TZ", "CST-8"), ("COLUMNS", "40")];
    let page = printed(show(&database, &["123"]).envs(locale));
    assert!(page.contains("\n时区      UTC+08:00\n"), "{page}");
    assert!(
        page.contains("  23:30 ● 詹姆斯 W007                 #3\n"),
        "{page}"
    );
    assert!(!page.contains('\u{1b}'), "not a terminal: {page}");
    let page = printed(&mut show(&database, &["123", "--color", "always"]));
    assert!(page.contains("\u{1b}[32mSolved\u{1b}[0m"), "{page}");
}

#[test]
fn show_of_a_missing_ticket_exits_with_3() {
    let (_service, database) = served(Kind::Sqlite);
    for arguments in [["999"].as_slice(), &["999", "--json"]] {
        let (status, stdout, stderr) = outcome(&mut show(&database, arguments));
        assert_eq!((status.code(), stdout.as_str()), (Some(3), ""));
        assert_eq!(stderr, "wts: there is no ticket 999\n");
    }
}

#[test]
fn show_without_a_database_exits_with_1() {
    let (status, _, stderr) = outcome(wts(&["show", "1"]).env("WTS_DATABASE_URL", "sqlite:/none"));
    assert_eq!(status.code(), Some(1));
    let expected = "wts: WTS_DATABASE_URL: there is no database file at ";
    assert!(stderr.starts_with(expected), "{stderr}");
}

#[test]
fn show_ends_quietly_if_its_reader_ends() {
    let (_service, database) = served(Kind::Sqlite);
    for arguments in [["124"].as_slice(), &["124", "--csv"]] {
        let mut command = show(&database, arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(141));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}
