//! Tests that records stay unchanged when they are imported, copied to the other kind of database and exported.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use wts_generator::{
    SampleData, SampleDataSource,
    arbitrary::{postgres_histories, sqlite_histories},
};
use wts_testkit::Database;

use super::*;

/// Generates samples. A failing sample is not shrunk, because every attempt would need a database.
fn samples<S: Strategy>(strategy: &S, many: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::new(Config::default());
    let sample = || strategy.new_tree(&mut runner).unwrap().current();
    std::iter::repeat_with(sample).take(many).collect()
}

fn empty(database: &Database) {
    for table in ["ticket_traces", "tickets", "operators", "students"] {
        let table = database.table(table);
        database.execute(&format!("delete from {table}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arbitrary_histories_round_trip_in_both_databases() {
    let [sqlite, postgres] = WRITABLE.map(Database::new);
    for records in samples(&postgres_histories(), 12) {
        import(&sqlite.owner_url(), &records).await.unwrap();
        assert_eq!(export(&sqlite.parsed_url()).await, records);

        let from_sqlite = source(&sqlite.parsed_url(), Selection::All).await.unwrap();
        let to_postgres = sink(&postgres.owner_url()).await.unwrap();
        copy(from_sqlite, to_postgres).await.unwrap();
        assert_eq!(export(&postgres.parsed_url()).await, records);

        empty(&sqlite);
        empty(&postgres);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_only_sqlite_can_store_round_trip() {
    let sqlite = Database::new(Kind::Sqlite);
    for records in samples(&sqlite_histories(), 25) {
        import(&sqlite.owner_url(), &records).await.unwrap();
        assert_eq!(export(&sqlite.parsed_url()).await, records);
        empty(&sqlite);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn import_is_idempotent_with_batches_of_any_size() {
    let databases = WRITABLE.map(Database::new);
    for (records, batch) in samples(&postgres_histories(), 8)
        .into_iter()
        .zip([1, 2, 3, 5].repeat(2))
    {
        for database in &databases {
            let url = database.owner_url();
            let first = import_by(&url, &records, batch).await.unwrap();
            assert_eq!(first.unchanged, Counts::default());
            let again = import_by(&url, &records, batch).await.unwrap();
            assert_eq!(again.inserted, Counts::default(), "nothing is new");
            assert_eq!(again.unchanged, first.inserted, "every record is unchanged");
            assert_eq!(export(&url).await, records);
            empty(database);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_histories_round_trip_in_both_databases() {
    let sample_data = SampleData {
        seed: 3,
        tickets: 1_500,
        days: 400,
    };
    let records = read(Box::new(SampleDataSource::new(sample_data)))
        .await
        .unwrap();
    for kind in WRITABLE {
        let database = Database::new(kind);
        let source = Box::new(SampleDataSource::new(sample_data));
        let stored = copy(source, sink(&database.owner_url()).await.unwrap())
            .await
            .unwrap();
        assert_eq!(stored.inserted.tickets, 1_500);
        assert!(export(&database.parsed_url()).await == records, "{kind:?}");
    }
}
