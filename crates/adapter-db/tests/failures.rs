//! Databases that are missing, invalid, stuck or disconnected.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

use std::{fs, net::TcpListener, sync::Arc, time::Duration};

use tokio_postgres::{Client, NoTls};
use wts_adapter_db::{DatabaseUrl, OpenError, connect};
use wts_app::{ErrorChain, HistoryRepository, RepositoryError};
use wts_testkit::{ALICE, Database, Kind, Proxy, campus, find, ticket_of};

async fn refusal(url: &DatabaseUrl) -> OpenError {
    match connect(url).await {
        Err(error) => error,
        Ok(_) => panic!("{url:?} opened"),
    }
}

#[tokio::test]
async fn missing_sqlite_file_is_not_created() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wts.db");

    assert!(
        matches!(refusal(&DatabaseUrl::sqlite(&file)).await, OpenError::NoSuchFile(path) if path == file)
    );

    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn file_without_histories_is_rejected() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("text.db");
    fs::write(
        &text,
        "no database at all, but long enough to have a header of one".repeat(30),
    )
    .unwrap();
    let empty = directory.path().join("empty.db");
    fs::write(&empty, "").unwrap();

    assert!(matches!(
        refusal(&DatabaseUrl::sqlite(text)).await,
        OpenError::Unreadable(_)
    ));
    assert!(matches!(
        refusal(&DatabaseUrl::sqlite(empty)).await,
        OpenError::Unreadable(_)
    ));
    assert!(matches!(
        refusal(&DatabaseUrl::sqlite(directory.path())).await,
        OpenError::NoAccess(_)
    ));
}

#[tokio::test]
async fn postgresql_without_tables_is_rejected() {
    let database = Database::without_tables(Kind::Postgres);

    assert!(matches!(
        refusal(&database.owner_url()).await,
        OpenError::Unreadable(_)
    ));
}

#[tokio::test]
async fn role_without_select_is_rejected_at_the_start() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, campus());
        database.execute(
            "do $$ begin execute format('revoke select on data.students from %I', current_database()); end $$",
        );
        assert!(
            matches!(
                refusal(&database.parsed_url()).await,
                OpenError::Unreadable(_)
            ),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn silent_postgresql_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("postgres://wts:wts@{}/wts", listener.local_addr().unwrap());
    assert!(matches!(
        refusal(&silent.parse().unwrap()).await,
        OpenError::Unreachable { .. }
    ));

    drop(listener);
    assert!(
        matches!(
            refusal(&silent.parse().unwrap()).await,
            OpenError::Unreachable { .. }
        ),
        "now nobody listens"
    );
}

#[tokio::test]
async fn silent_host_does_not_prevent_the_next() {
    let database = Database::with(Kind::Postgres, campus());
    let proxy = Proxy::before(&database.url());
    let url = proxy.url(&database.url());
    let port = url.rsplit_once(':').unwrap().1;
    let port: u16 = port.split('/').next().unwrap().parse().unwrap();
    // The kernel accepts for it.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hosts = format!("{},127.0.0.1:{port}", silent.local_addr().unwrap());
    let url = url.replace(&format!("127.0.0.1:{port}"), &hosts);

    let histories = connect(&url.parse().unwrap()).await.unwrap();
    assert!(find(&*histories, 123).await.unwrap().is_some());
}

#[tokio::test]
async fn terminated_connections_are_replaced() {
    let database = Database::with(Kind::Postgres, campus());
    let histories = connect(&database.parsed_url()).await.unwrap();

    for _ in 0..5 {
        // Several connections, of which all but one lie idle when they are cut.
        for answer in ask(&histories, 12).await {
            assert!(answer.unwrap());
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

/// Sends a number of queries at once and waits for all results.
async fn ask(
    histories: &Arc<dyn HistoryRepository>,
    times: usize,
) -> Vec<Result<bool, RepositoryError>> {
    let mut questions = tokio::task::JoinSet::new();
    for _ in 0..times {
        let histories = Arc::clone(histories);
        questions.spawn(async move {
            find(&*histories, 123)
                .await
                .map(|history| history.is_some())
        });
    }
    questions.join_all().await
}

/// Locks the tickets until the transaction of this connection ends.
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
async fn stuck_postgresql_fails_reads_and_is_used_again() {
    let database = Database::with(Kind::Postgres, campus());
    let histories = connect(&database.parsed_url()).await.unwrap();
    let stuck = lock(&database).await;

    for times in [40, 12] {
        let answers = ask(&histories, times).await;
        assert_eq!(answers.len(), times);
        for answer in answers {
            assert!(
                matches!(answer, Err(RepositoryError::Failed(_))),
                "{answer:?}"
            );
        }
    }
    // One for each queue and for long histories, and the one that holds the lock.
    database.execute(
        "do $$ begin
             assert (select count(*) from pg_stat_activity
                     where datname = current_database() and pid <> pg_backend_pid()) <= 3;
         end $$",
    );

    stuck.batch_execute("rollback").await.unwrap();
    for answer in ask(&histories, 40).await {
        assert!(answer.unwrap());
    }
}

#[tokio::test]
async fn cancelled_reads_do_not_harm_later_ones() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::with(kind, campus());
        let histories = connect(&database.parsed_url()).await.unwrap();
        for micros in (0..400).map(|n| n * 5) {
            let _ =
                tokio::time::timeout(Duration::from_micros(micros), find(&*histories, 123)).await;
        }
        for answer in ask(&histories, 20).await {
            assert!(answer.unwrap(), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn connection_error_includes_its_cause() {
    let database = Database::with(Kind::Postgres, campus());
    let url = database.owner_url_text();
    let nowhere = url.rsplit_once('/').unwrap().0.to_owned() + "/no_such_database";
    let cause = ErrorChain(&refusal(&nowhere.parse().unwrap()).await).to_string();
    assert!(
        cause.contains("\"no_such_database\" does not exist"),
        "{cause}"
    );

    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("postgres://wts@{free}/wts");
    let cause = ErrorChain(&refusal(&url.parse().unwrap()).await).to_string();
    assert!(cause.contains("refused"), "{cause}");
}

#[tokio::test]
async fn unreadable_first_ticket_does_not_prevent_the_start() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut records = campus();
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
        let histories = connect(&database.parsed_url()).await.expect("it starts");
        assert!(find(&*histories, 1).await.is_err());
        assert!(find(&*histories, 123).await.unwrap().is_some());
    }
}
