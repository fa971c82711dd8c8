//! Tests of migrating and reverting the schema.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio::task::spawn_blocking;
use wts_adapter_db::{MigrateError, OpenError, connect, migrate};
use wts_testkit::{Database, Kind, find, sample_records};

const MIGRATED_KINDS: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// Opens a database file. Connections of the service may still be closing, which takes a lock.
fn sqlite(file: &str) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(file).unwrap();
    connection
        .batch_execute("pragma busy_timeout = 10000")
        .unwrap();
    connection
}

/// Reverts every migration and returns the number of reverted migrations.
async fn revert(database: &Database) -> usize {
    let url = database.owner_url_text();
    if let Some(file) = url.strip_prefix("sqlite:") {
        const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
        let mut connection = sqlite(file);
        connection.revert_all_migrations(SQLITE).unwrap().len()
    } else {
        const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
        let connection = AsyncPgConnection::establish(&url).await.unwrap();
        spawn_blocking(|| {
            let mut harness = AsyncMigrationHarness::new(connection);
            harness.revert_all_migrations(POSTGRES).unwrap().len()
        })
        .await
        .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reverted_schema_can_be_migrated_again() {
    for kind in MIGRATED_KINDS {
        let database = Database::without_tables(kind);
        let url = database.owner_url();

        let names = migrate(&url).await.unwrap();
        assert!(!names.is_empty());
        database.insert(sample_records());
        assert!(connect(&url).await.is_ok());

        assert_eq!(revert(&database).await, names.len(), "{kind:?}");
        assert!(
            matches!(connect(&url).await, Err(OpenError::NoTables)),
            "{kind:?}: the tables are removed"
        );

        assert_eq!(migrate(&url).await.unwrap(), names, "{kind:?}");
        database.insert(sample_records());
    }
}

/// Reverts the last migration.
fn revert_last_in_sqlite(database: &Database) {
    const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
    let url = database.owner_url_text();
    let file = url.strip_prefix("sqlite:").unwrap();
    let mut connection = sqlite(file);
    connection.revert_last_migration(SQLITE).unwrap();
}

#[tokio::test]
async fn ids_of_deleted_traces_in_sqlite_are_not_used_again() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let history = async || {
        let histories = connect(&database.owner_url()).await.unwrap();
        find(&*histories, 124).await.unwrap().unwrap()
    };
    let insert = "delete from ticket_traces where opid > 5;
         insert into ticket_traces (tid, updated_at, op, remark) values (124, 0, '-1', '')";
    let before = history().await;

    revert_last_in_sqlite(&database);
    assert_eq!(history().await, before);
    database.execute(insert);
    let ids = |history: &wts_domain::TicketHistory| -> Vec<_> {
        history.traces.iter().map(|trace| trace.id.get()).collect()
    };
    assert_eq!(ids(&*history().await), [6, 2, 5]);

    migrate(&database.owner_url()).await.unwrap();
    assert_eq!(ids(&*history().await), [6, 2, 5]);
    for id in 7..10 {
        database.execute(insert);
        assert_eq!(ids(&*history().await), [id, 2, 5]);
    }
    database.execute("delete from tickets where tid = 124");
}

#[tokio::test]
async fn both_databases_have_the_same_migrations() {
    let [sqlite, postgres] = MIGRATED_KINDS.map(Database::without_tables);
    let names = migrate(&sqlite.owner_url()).await.unwrap();
    assert_eq!(names, migrate(&postgres.owner_url()).await.unwrap());
    assert!(
        names.iter().all(|name| name.contains('_')),
        "expected names with numbers: {names:?}"
    );
}

#[tokio::test]
async fn second_migration_changes_nothing() {
    for kind in MIGRATED_KINDS {
        let database = Database::with(kind, sample_records());
        assert_eq!(
            migrate(&database.owner_url()).await.unwrap(),
            Vec::<String>::new()
        );
        let histories = connect(&database.parsed_url()).await.unwrap();
        assert!(find(&*histories, 123).await.unwrap().is_some(), "{kind:?}");
    }
}

#[tokio::test]
async fn concurrent_migrations_run_one_after_the_other() {
    for kind in MIGRATED_KINDS.repeat(10) {
        let database = Database::without_tables(kind);
        let url = database.owner_url();
        let all = migrate(&Database::without_tables(kind).owner_url())
            .await
            .unwrap();
        let (one, other) = tokio::join!(migrate(&url), migrate(&url));
        let applied = [one.expect("the first"), other.expect("the second")].concat();
        assert_eq!(applied, all, "{kind:?}: every migration ran once");
    }
}

#[tokio::test]
async fn existing_wts_v3_database_is_not_migrated() {
    let database = Database::with(Kind::WtsV3, sample_records());
    let url = database.owner_url();

    assert!(matches!(
        migrate(&url).await,
        Err(MigrateError::UnmanagedSchema)
    ));

    let histories = connect(&database.parsed_url()).await.unwrap();
    assert!(find(&*histories, 123).await.unwrap().is_some());
}
