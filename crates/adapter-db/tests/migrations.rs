//! Making our schema and taking it away again.

use wts_adapter_db::{MigrateError, OpenError, connect, migrate, revert};
use wts_testkit::{Database, Kind, campus, find};

const OURS: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

#[tokio::test]
async fn the_schema_goes_up_down_and_up_again() {
    for kind in OURS {
        let database = Database::without_tables(kind);
        let url = database.owner_url();

        let names = migrate(&url).await.unwrap();
        assert!(!names.is_empty());
        campus().insert_into(&url).await.unwrap();
        assert!(connect(&url).await.is_ok());

        let mut undone = revert(&url).await.unwrap();
        undone.reverse();
        assert_eq!(undone, names, "{kind:?}");
        assert!(
            matches!(connect(&url).await, Err(OpenError::Unreadable(_))),
            "{kind:?}: the tables are gone"
        );

        assert_eq!(migrate(&url).await.unwrap(), names, "{kind:?}");
        campus()
            .insert_into(&url)
            .await
            .expect("nothing of the first life is left");
    }
}

#[tokio::test]
async fn both_databases_have_the_same_migrations() {
    let [sqlite, postgres] = OURS.map(Database::without_tables);
    let names = migrate(&sqlite.owner_url()).await.unwrap();
    assert_eq!(names, migrate(&postgres.owner_url()).await.unwrap());
    assert!(
        names.iter().all(|name| name.contains('_')),
        "names, not only numbers: {names:?}"
    );
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    for kind in OURS {
        let database = Database::with(kind, campus());
        assert_eq!(
            migrate(&database.owner_url()).await.unwrap(),
            Vec::<String>::new()
        );
        let histories = connect(&database.parsed_url()).await.unwrap();
        assert!(find(&*histories, 123).await.unwrap().is_some(), "{kind:?}");
    }
}

#[tokio::test]
async fn two_who_migrate_at_once_take_turns() {
    for kind in OURS.repeat(10) {
        let database = Database::without_tables(kind);
        let url = database.owner_url();
        let all = migrate(&Database::without_tables(kind).owner_url())
            .await
            .unwrap();
        let (one, other) = tokio::join!(migrate(&url), migrate(&url));
        let taken = [one.expect("the first"), other.expect("the second")].concat();
        assert_eq!(taken, all, "{kind:?}: every migration ran once");
    }
}

#[tokio::test]
async fn an_existing_wts_v3_database_is_left_alone() {
    let database = Database::with(Kind::WtsV3, campus());
    let url = database.owner_url();

    assert!(matches!(migrate(&url).await, Err(MigrateError::NotOurs)));
    assert!(matches!(revert(&url).await, Err(MigrateError::NotOurs)));

    let histories = connect(&database.parsed_url()).await.unwrap();
    assert!(find(&*histories, 123).await.unwrap().is_some());
}

#[tokio::test]
async fn identities_continue_after_the_ids_that_were_inserted() {
    let database = Database::with(Kind::Postgres, campus());
    database.execute(
        "insert into wts.tickets (issuer, submitted_at, category, description)
         values ('2024310001', now(), 'others', '');
         insert into wts.ticket_traces (tid, op, remark) select max(tid), '-2', '' from wts.tickets;",
    );
    let histories = connect(&database.parsed_url()).await.unwrap();
    let found = find(&*histories, 126)
        .await
        .unwrap()
        .expect("the ticket after 125");
    assert_eq!(found.traces[0].id.get(), 10, "the trace after 9");
}
