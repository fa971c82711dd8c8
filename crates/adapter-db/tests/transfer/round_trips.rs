//! What goes in comes out, and goes into the other database and comes out again.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use wts_generator::{
    Campus, CampusSource,
    arbitrary::{consistent_histories, storable_histories},
};
use wts_testkit::{Database, Kind};

use super::*;

/// Makes so many samples. They are not made smaller where one fails: each costs a database.
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
async fn hostile_histories_go_through_both_databases_unchanged() {
    let [sqlite, postgres] = [Kind::Sqlite, Kind::Postgres].map(Database::new);
    for records in samples(&storable_histories(), 12) {
        put(&sqlite.owner_url(), &records).await.unwrap();
        assert_eq!(everything(&sqlite.parsed_url()).await, records);

        let out_of_sqlite = source(&sqlite.parsed_url(), Selection::All).await.unwrap();
        let into_postgres = sink(&postgres.owner_url()).await.unwrap();
        copy(out_of_sqlite, into_postgres).await.unwrap();
        assert_eq!(everything(&postgres.parsed_url()).await, records);

        empty(&sqlite);
        empty(&postgres);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_what_postgresql_cannot() {
    let sqlite = Database::new(Kind::Sqlite);
    for records in samples(&consistent_histories(), 25) {
        put(&sqlite.owner_url(), &records).await.unwrap();
        assert_eq!(everything(&sqlite.parsed_url()).await, records);
        empty(&sqlite);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_histories_may_come_in_batches_of_any_size_and_any_number_of_times() {
    let databases = [Kind::Sqlite, Kind::Postgres].map(Database::new);
    for (records, batch) in samples(&storable_histories(), 8)
        .into_iter()
        .zip([1, 2, 3, 5].repeat(2))
    {
        for database in &databases {
            let url = database.owner_url();
            let first = put_by(&url, &records, batch).await.unwrap();
            assert_eq!(first.unchanged, Counts::default());
            let again = put_by(&url, &records, batch).await.unwrap();
            assert_eq!(again.inserted, Counts::default(), "nothing is new");
            assert_eq!(again.unchanged, first.inserted, "everything is there");
            assert_eq!(everything(&url).await, records);
            empty(database);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_campus_goes_through_every_kind_of_database_unchanged() {
    let campus = Campus {
        seed: 3,
        tickets: 1_500,
        days: 400,
    };
    let records = all_of(Box::new(CampusSource::new(campus))).await.unwrap();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::new(kind);
        let source = Box::new(CampusSource::new(campus));
        let stored = copy(source, sink(&database.owner_url()).await.unwrap())
            .await
            .unwrap();
        assert_eq!(stored.inserted.tickets, 1_500);
        assert!(
            everything(&database.parsed_url()).await == records,
            "{kind:?}"
        );
    }
}
