//! Tests of reading through PgBouncer in each of its pool modes.

use std::{thread, time::Duration};

use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};
use wts_adapter_db::{MigrateError, OpenError, connect, inspect, migrate, sink, source};
use wts_app::{ErrorChain, Selection};
use wts_testkit::{Database, Kind, PgBouncer, PoolMode, find, sample_records};

const UNSUPPORTED: [PoolMode; 2] = [PoolMode::Transaction, PoolMode::Statement];
/// Configurations of PgBouncer that assign server connections to clients in different ways.
const SETTINGS: [&[&str]; 4] = [
    &[],
    &["default_pool_size = 1"],
    &["default_pool_size = 3", "server_round_robin = 1"],
    &["ignore_startup_parameters = options", "min_pool_size = 5"],
];

fn pooler(database: &Database, mode: PoolMode, settings: &[&str]) -> PgBouncer {
    let url = database.owner_url_text();
    let (url, _) = url.split_once('?').unwrap();
    PgBouncer::start(url, mode, settings).unwrap()
}

/// A connection of another program.
async fn other_client(pooler: &PgBouncer) -> Client {
    let (client, driver) = tokio_postgres::connect(&pooler.url(), NoTls).await.unwrap();
    tokio::spawn(driver);
    client
}

/// Starts other programs that run short statements through the pooler until the returned set is dropped.
async fn load(pooler: &PgBouncer) -> JoinSet<()> {
    let mut load = JoinSet::new();
    for _ in 0..6 {
        let client = other_client(pooler).await;
        load.spawn(
            async move { while client.simple_query("select pg_sleep(0.001)").await.is_ok() {} },
        );
    }
    load
}

/// Returns the names of the settings that another program would inherit from a server connection.
async fn inherited_settings(pooler: &PgBouncer) -> Vec<String> {
    let (mut clients, mut found) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        clients.push(other_client(pooler).await);
    }
    // The clients use several server connections concurrently.
    let queries = clients.iter().map(|client| {
        client.simple_query(
            "select name from pg_settings, pg_sleep(0.1) where source = 'session' and setting <> boot_val
             and name not in ('application_name', 'client_encoding', 'DateStyle', 'TimeZone',
                              'standard_conforming_strings', 'extra_float_digits')",
        )
    });
    for messages in join_all(queries).await {
        for message in messages.unwrap() {
            if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
                found.push(row.get(0).unwrap().to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn pooler_in_transaction_or_statement_mode_is_rejected() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, sample_records());
        for (mode, settings) in UNSUPPORTED
            .iter()
            .flat_map(|mode| SETTINGS.map(|settings| (*mode, settings)))
        {
            let pooler = pooler(&database, mode, settings);
            let url = (pooler.url() + "?connect_timeout=20").parse().unwrap();
            for _ in 0..3 {
                let Err(error) = connect(&url).await else {
                    panic!("{mode:?} {settings:?}: opened");
                };
                assert!(
                    matches!(error, OpenError::Pooler(_)),
                    "{mode:?} {settings:?}: {error:?}"
                );
            }
            assert!(matches!(inspect(&url).await, Err(OpenError::Pooler(_))));
            assert!(matches!(
                source(&url, Selection::All).await,
                Err(OpenError::Pooler(_))
            ));
            assert!(matches!(sink(&url).await, Err(OpenError::Pooler(_))));
            let Err(MigrateError::Pooler(_)) = migrate(&url).await else {
                panic!("{mode:?} {settings:?}: migrated");
            };
            assert_eq!(
                inherited_settings(&pooler).await,
                [""; 0],
                "{mode:?} {settings:?}"
            );
        }
    }
}

#[tokio::test]
async fn pooler_that_other_clients_use_is_recognized() {
    let database = Database::with(Kind::Postgres, sample_records());
    for mode in UNSUPPORTED {
        let pooler = pooler(&database, mode, &["default_pool_size = 4"]);
        let url = (pooler.url() + "?connect_timeout=20").parse().unwrap();
        let _load = load(&pooler).await;
        for _ in 0..20 {
            let outcome = connect(&url).await;
            assert!(
                matches!(outcome.err(), Some(OpenError::Pooler(_))),
                "{mode:?}"
            );
        }
    }
}

#[tokio::test]
async fn database_can_be_read_through_session_pooler() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, sample_records());
        for settings in [&[][..], &["ignore_startup_parameters = options"]] {
            let pooler = pooler(&database, PoolMode::Session, settings);
            for parameters in [
                "?connect_timeout=20",
                "?connect_timeout=20&pool_mode=session",
            ] {
                let url = (pooler.url() + parameters).parse().unwrap();
                let histories = connect(&url).await.unwrap();
                let reads = (0..40).map(|_| find(&*histories, 123));
                for history in join_all(reads).await {
                    assert!(history.unwrap().is_some());
                }
                let found = inspect(&url).await.unwrap();
                assert!(found.is_pooled);
                assert!(source(&url, Selection::All).await.is_ok());
                drop(histories);
            }
            // PgBouncer resets a connection when the client has disconnected.
            thread::sleep(Duration::from_millis(200));
            assert_eq!(inherited_settings(&pooler).await, [""; 0], "{settings:?}");
        }
        assert!(!inspect(&database.owner_url()).await.unwrap().is_pooled);
    }
}

#[tokio::test]
async fn pooler_switched_to_transaction_mode_fails_reads() {
    let database = Database::with(Kind::Postgres, sample_records());
    for parameters in [
        "?connect_timeout=20",
        "?connect_timeout=20&pool_mode=session",
    ] {
        let pooler = pooler(&database, PoolMode::Session, &["server_round_robin = 1"]);
        let url = (pooler.url() + parameters).parse().unwrap();
        let histories = connect(&url).await.unwrap();
        assert!(find(&*histories, 123).await.unwrap().is_some());

        pooler.reload(PoolMode::Transaction).unwrap();
        let load = load(&pooler).await;
        let mut failure = None;
        for _ in 0..200 {
            let reads = (0..8).map(|_| find(&*histories, 123));
            failure = join_all(reads).await.into_iter().find_map(Result::err);
            if failure.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let failure = ErrorChain(&failure.unwrap()).to_string();
        assert!(
            failure.contains("pooler in transaction or statement mode"),
            "{failure}"
        );

        drop(load);
        pooler.reload(PoolMode::Session).unwrap();
        let mut is_readable = false;
        for _ in 0..200 {
            is_readable = find(&*histories, 123).await.is_ok();
            if is_readable {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(is_readable);
    }
}
