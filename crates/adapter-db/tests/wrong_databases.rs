//! Tests of files that are damaged or not a database, and of databases of other programs.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic fails the test")]

use std::{fs, path::Path};

use wts_adapter_db::{
    DatabaseUrl, MigrateError, OpenError, connect, inspect, migrate, sink, source,
};
use wts_app::{ErrorChain, Selection};
use wts_testkit::{Database, Kind, sample_records};

const PAGE: usize = 4_096;

/// Returns the error of each operation on a database, with its name.
async fn errors(url: &DatabaseUrl) -> Vec<(&'static str, OpenError)> {
    let mut errors = Vec::new();
    let mut add = |name, error: Option<OpenError>| {
        errors.push((name, error.unwrap_or_else(|| panic!("{name} succeeded"))));
    };
    add("connect", connect(url).await.err());
    add("inspect", inspect(url).await.err());
    add("source", source(url, Selection::All).await.err());
    add("sink", sink(url).await.err());
    errors
}

/// Writes a file, and returns its URL.
fn file(directory: &Path, name: &str, bytes: &[u8]) -> DatabaseUrl {
    let file = directory.join(name);
    fs::write(&file, bytes).unwrap();
    DatabaseUrl::sqlite(file)
}

/// Returns the bytes of a database file.
fn database() -> Vec<u8> {
    let database = Database::with(Kind::Sqlite, sample_records());
    database.execute("pragma wal_checkpoint(truncate); pragma journal_mode = delete");
    let url = database.url();
    fs::read(url.strip_prefix("sqlite:").unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn file_that_is_not_a_database_is_described() {
    let directory = tempfile::tempdir().unwrap();
    let text = b"a text file that is as long as the header of a database file".repeat(30);
    let mut binary = database();
    binary[..16].fill(0xff);
    for (name, bytes, description) in [
        ("text.db", &text[..], "it is a text file"),
        ("short.db", b"x", "it is a text file"),
        (
            "backup.db.gz",
            b"\x1f\x8b\x08 and more",
            "it is compressed with gzip",
        ),
        (
            "backup.db.zst",
            b"\x28\xb5\x2f\xfd and more",
            "it is compressed with zstd",
        ),
        (
            "header.db",
            &binary,
            "its header is another one, or is damaged",
        ),
    ] {
        let url = file(directory.path(), name, bytes);
        for (operation, error) in errors(&url).await {
            assert!(
                matches!(&error, OpenError::NotDatabase(_, found) if *found == description),
                "{name}: {operation}: {error:?}"
            );
        }
        let migrated = migrate(&url).await;
        assert!(
            matches!(
                migrated,
                Err(MigrateError::Unusable(OpenError::NotDatabase(..)))
            ),
            "{name}: {migrated:?}"
        );
        assert_eq!(
            fs::read(directory.path().join(name)).unwrap(),
            bytes,
            "{name} is unchanged"
        );
    }
    for (_, error) in errors(&DatabaseUrl::sqlite(directory.path())).await {
        assert!(
            matches!(error, OpenError::NotDatabase(_, "it is a directory")),
            "{error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_file_is_reported_as_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let intact = database();
    assert!(intact.len() > 4 * PAGE);
    let mut schema = intact.clone();
    schema[100..PAGE].fill(0xa5);
    let mut version = intact.clone();
    version[16..18].fill(0xff);
    for (name, bytes) in [
        ("schema.db", &schema[..]),
        ("version.db", &version),
        ("half.db", &intact[..intact.len() / 2]),
        ("page.db", &intact[..PAGE / 2]),
        ("head.db", &intact[..50]),
    ] {
        let url = file(directory.path(), name, bytes);
        for (operation, error) in errors(&url).await {
            assert!(
                matches!(error, OpenError::Damaged(_)),
                "{name}: {operation}: {error:?}"
            );
        }
        let migrated = migrate(&url).await;
        assert!(
            matches!(migrated, Err(MigrateError::Unusable(OpenError::Damaged(_)))),
            "{name}: {migrated:?}"
        );
    }
    // Only the inspection reads every page.
    let mut page = intact.clone();
    let last = page.len() - PAGE;
    page[last..].fill(0xa5);
    let url = file(directory.path(), "last.db", &page);
    let error = inspect(&url).await.unwrap_err();
    assert!(matches!(error, OpenError::Damaged(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn database_without_tables_needs_a_migration() {
    let directory = tempfile::tempdir().unwrap();
    let empty = file(directory.path(), "empty.db", b"");
    for url in [empty, Database::without_tables(Kind::Postgres).owner_url()] {
        assert!(matches!(
            connect(&url).await.err().unwrap(),
            OpenError::NoTables | OpenError::Unreachable { .. }
        ));
    }
    let postgres = Database::without_tables(Kind::Postgres);
    for (operation, error) in errors(&postgres.owner_url()).await {
        assert!(
            matches!(error, OpenError::NoTables),
            "{operation}: {error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_another_program_are_named() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (statements, missing) in [
            ("create table customers (id integer)", "tickets"),
            (
                "create table tickets (id integer, subject text)",
                "students",
            ),
        ] {
            let other = Database::without_tables(kind);
            other.execute(statements);
            let error = connect(&other.owner_url()).await.err().unwrap();
            assert!(
                matches!(error, OpenError::MissingTables(_)),
                "{kind:?}: {error:?}"
            );
            assert!(ErrorChain(&error).to_string().contains(missing), "{error}");
        }
    }
    let other = Database::without_tables(Kind::Postgres);
    other.execute(
        "create schema wts; create schema data; create table data.students (sid text, name text);
         create table wts.operators (wid text, sid text); create table wts.ticket_traces (tid int);
         create table wts.tickets (id int, issuer text)",
    );
    let Err(OpenError::MissingTables(missing)) = connect(&other.owner_url()).await else {
        panic!("another error");
    };
    assert!(
        missing.contains(&"wts.tickets.tid".to_owned()),
        "{missing:?}"
    );
    assert!(
        !missing.contains(&"wts.tickets.issuer".to_owned()),
        "{missing:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_privileges_of_an_export_are_named() {
    let database = Database::with(Kind::WtsV3, sample_records());
    database.execute(
        "do $$ begin execute format('revoke select on wts.tickets from %I; grant select (tid, issuer) on wts.tickets to %I',
                                    current_database(), current_database()); end $$",
    );
    assert!(connect(&database.parsed_url()).await.is_ok());
    let Err(OpenError::NoPrivilege(missing)) = source(&database.parsed_url(), Selection::All).await
    else {
        panic!("another error");
    };
    assert_eq!(missing, ["select on wts.tickets"]);
}
