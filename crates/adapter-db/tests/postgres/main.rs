//! Tests of PostgreSQL, with the schema of this crate and with the WTS v3 schema.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic fails the test"
)]

mod feed;
mod pipelining;
mod poolers;
mod tls;
mod tls_server;
mod wts_v3;

use futures_util::future::join_all;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};
use tokio_postgres::{Client, NoTls, config::Host};
use wts_adapter_db::connect;
use wts_app::{HistoryRepository, RepositoryError};
use wts_testkit::{Database, Kind, find, sample_records};

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects to the real PostgreSQL server.
async fn connect_upstream(upstream: &tokio_postgres::Config) -> Box<dyn Stream> {
    let port = *upstream.get_ports().first().unwrap();
    match upstream.get_hosts().first().unwrap() {
        Host::Tcp(host) => Box::new(TcpStream::connect((host.as_str(), port)).await.unwrap()),
        Host::Unix(directory) => {
            let socket = directory.join(format!(".s.PGSQL.{port}"));
            Box::new(UnixStream::connect(socket).await.unwrap())
        }
    }
}

async fn client(database: &Database) -> Client {
    let (client, driver) = tokio_postgres::connect(&database.owner_url_text(), NoTls)
        .await
        .unwrap();
    tokio::spawn(driver);
    client
}

/// Returns the name of the operator of the second trace of ticket 123.
async fn operator_name(histories: &dyn HistoryRepository) -> String {
    let found = find(histories, 123).await.unwrap().unwrap();
    found.traces[1].op_name.clone()
}

#[tokio::test]
async fn operator_name_committed_by_an_older_transaction_is_read() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, sample_records());
        let histories = connect(&database.parsed_url()).await.unwrap();
        let (early, late) = (client(&database).await, client(&database).await);
        early
            .batch_execute("begin; update data.students set name = '小詹' where sid = '2022310007'")
            .await
            .unwrap();
        late.batch_execute("insert into data.students values ('x', 'y')")
            .await
            .unwrap();
        for _ in 0..3 {
            assert_eq!(operator_name(&*histories).await, "詹姆斯");
        }

        early.batch_execute("commit").await.unwrap();

        assert_eq!(operator_name(&*histories).await, "小詹", "{kind:?}");
    }
}

#[tokio::test]
async fn unreadable_ticket_does_not_fail_other_tickets() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, sample_records());
        // Simulates a damaged page: every statement that reads a trace of ticket 124 fails.
        database.execute(
            "alter table wts.ticket_traces rename to intact;
             create view wts.ticket_traces as
             select opid, tid, updated_at, op, new_status, new_priority, new_appointment, new_category,
                    case when tid = 124 then (1 / (tid - 124))::text else remark end as remark
             from wts.intact;
             grant select on wts.ticket_traces to public",
        );
        let histories = connect(&database.parsed_url())
            .await
            .expect("other tickets can be read");

        // The first query is read alone, the others in one batch.
        let numbers = [123, 124, 123, 124, 123, 125];
        let found = join_all(numbers.map(|number| find(&*histories, number))).await;

        for (number, found) in numbers.into_iter().zip(found) {
            match number {
                124 => assert!(
                    matches!(found, Err(RepositoryError::Failed(_))),
                    "{kind:?}: {found:?}"
                ),
                _ => assert!(matches!(found, Ok(Some(_))), "{kind:?}: {number} {found:?}"),
            }
        }
    }
}
