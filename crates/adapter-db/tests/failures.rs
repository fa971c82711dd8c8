//! Tests of databases that are missing, invalid, blocked or disconnected.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic fails the test")]

use std::{fs, net::TcpListener, sync::Arc, time::Duration};

use tokio_postgres::{Client, NoTls};
use wts_adapter_db::{DatabaseUrl, OpenError, connect};
use wts_app::{ErrorChain, HistoryRepository, RepositoryError};
use wts_testkit::{ALICE, Database, Kind, Proxy, find, sample_records, ticket_of};

async fn open_error(url: &DatabaseUrl) -> OpenError {
    match connect(url).await {
        Err(error) => error,
        Ok(_) => panic!("expected an error, opened {url:?}"),
    }
}

#[tokio::test]
async fn missing_sqlite_file_is_not_created() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wts.db");

    assert!(
        matches!(open_error(&DatabaseUrl::sqlite(&file)).await, OpenError::NoSuchFile(path) if path == file)
    );

    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn postgresql_without_tables_is_rejected() {
    let database = Database::without_tables(Kind::Postgres);

    assert!(matches!(
        open_error(&database.owner_url()).await,
        OpenError::NoTables
    ));
}

#[tokio::test]
async fn role_without_select_privilege_is_rejected() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, sample_records());
        database.execute(
            "do $$ begin execute format('revoke select on data.students from %I', current_database()); end $$",
        );
        assert!(
            matches!(
                open_error(&database.parsed_url()).await,
                OpenError::NoPrivilege(missing) if missing == ["select on data.students"]
            ),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn unresponsive_postgresql_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let unresponsive = format!("postgres://wts:wts@{}/wts", listener.local_addr().unwrap());
    assert!(matches!(
        open_error(&unresponsive.parse().unwrap()).await,
        OpenError::Unreachable { .. }
    ));

    drop(listener);
    assert!(
        matches!(
            open_error(&unresponsive.parse().unwrap()).await,
            OpenError::Unreachable { .. }
        ),
        "the port is closed"
    );
}

#[tokio::test]
async fn next_host_is_tried_after_an_unresponsive_host() {
    let database = Database::with(Kind::Postgres, sample_records());
    let proxy = Proxy::before(&database.url());
    let url = proxy.url(&database.url());
    let port = url.rsplit_once(':').unwrap().1;
    let port: u16 = port.split('/').next().unwrap().parse().unwrap();
    // This host accepts connections but never sends anything.
    let unresponsive = TcpListener::bind("127.0.0.1:0").unwrap();
    let hosts = format!("{},127.0.0.1:{port}", unresponsive.local_addr().unwrap());
    let url = url.replace(&format!("127.0.0.1:{port}"), &hosts);

    let histories = connect(&url.parse().unwrap()).await.unwrap();
    assert!(find(&*histories, 123).await.unwrap().is_some());
}

#[tokio::test]
async fn terminated_connections_are_replaced() {
    let database = Database::with(Kind::Postgres, sample_records());
    let histories = connect(&database.parsed_url()).await.unwrap();

    for _ in 0..5 {
        // Opens several connections, all but one of which are idle when they are terminated.
        for result in query_concurrently(&histories, 12).await {
            assert!(result.unwrap());
        }
        database.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()",
        );
        for _ in 0..8 {
            assert!(find(&*histories, 123).await.unwrap().is_some());
        }
    }
}

/// Sends a number of concurrent queries and awaits all results.
async fn query_concurrently(
    histories: &Arc<dyn HistoryRepository>,
    count: usize,
) -> Vec<Result<bool, RepositoryError>> {
    let mut queries = tokio::task::JoinSet::new();
    for _ in 0..count {
        let histories = Arc::clone(histories);
        queries.spawn(async move {
            find(&*histories, 123)
                .await
                .map(|history| history.is_some())
        });
    }
    queries.join_all().await
}

/// Locks the table of tickets until the transaction of the returned connection ends.
async fn lock(database: &Database) -> Client {
    let (client, driver) = tokio_postgres::connect(&database.owner_url_text(), NoTls)
        .await
        .unwrap();
    tokio::spawn(driver);
    let lock = "begin; lock table wts.tickets";
    client.batch_execute(lock).await.unwrap();
    client
}

#[tokio::test]
async fn blocked_postgresql_fails_reads_until_it_is_unblocked() {
    let database = Database::with(Kind::Postgres, sample_records());
    let histories = connect(&database.parsed_url()).await.unwrap();
    let lock_holder = lock(&database).await;

    for count in [40, 12] {
        let results = query_concurrently(&histories, count).await;
        assert_eq!(results.len(), count);
        for result in results {
            assert!(
                matches!(result, Err(RepositoryError::Failed(_))),
                "{result:?}"
            );
        }
    }
    // There is one connection for each queue, one for long histories, and one that holds the lock.
    database.execute(
        "do $$ begin
             assert (select count(*) from pg_stat_activity
                     where datname = current_database() and pid <> pg_backend_pid()) <= 3;
         end $$",
    );

    lock_holder.batch_execute("rollback").await.unwrap();
    for result in query_concurrently(&histories, 40).await {
        assert!(result.unwrap());
    }
}

#[tokio::test]
async fn cancelled_reads_do_not_affect_later_reads() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::with(kind, sample_records());
        let histories = connect(&database.parsed_url()).await.unwrap();
        for micros in (0..400).map(|n| n * 5) {
            let _ =
                tokio::time::timeout(Duration::from_micros(micros), find(&*histories, 123)).await;
        }
        for result in query_concurrently(&histories, 20).await {
            assert!(result.unwrap(), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn connection_error_contains_its_cause() {
    let database = Database::with(Kind::Postgres, sample_records());
    let url = database.owner_url_text();
    let missing_database = url.rsplit_once('/').unwrap().0.to_owned() + "/no_such_database";
    let cause = ErrorChain(&open_error(&missing_database.parse().unwrap()).await).to_string();
    assert!(
        cause.contains("\"no_such_database\" does not exist"),
        "{cause}"
    );

    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("postgres://wts@{free}/wts");
    let cause = ErrorChain(&open_error(&url.parse().unwrap()).await).to_string();
    assert!(cause.contains("refused"), "{cause}");
}

#[tokio::test]
async fn database_with_an_unreadable_first_ticket_opens() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut records = sample_records();
        records.tickets.push(ticket_of(1, ALICE));
        let database = Database::with(kind, records);
        let unchecked = match kind {
            Kind::Sqlite => "pragma ignore_check_constraints = on",
            _ => "alter table wts.ticket_traces drop constraint ticket_traces_new_status_check",
        };
        let traces = database.table("ticket_traces");
        database.execute(&format!(
            "{unchecked}; insert into {traces} (opid, tid, updated_at, op, new_status, remark)
             select 4000, 1, updated_at, op, 'melted', '' from {traces} where opid = 1"
        ));
        let histories = connect(&database.parsed_url())
            .await
            .expect("the database opens");
        assert!(find(&*histories, 1).await.is_err());
        assert!(find(&*histories, 123).await.unwrap().is_some());
    }
}
