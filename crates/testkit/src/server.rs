//! PostgreSQL servers of a test's own.

use wts_test_postgres::PostgresServer;

use crate::{
    Kind, Records,
    database::{insert, wait_for, with_client},
};

/// A server with our schema and these records in its database `postgres`.
pub fn server_with(records: Records) -> PostgresServer {
    let server = PostgresServer::start(&["shared_buffers=16MB"]).expect("PostgreSQL starts");
    let url = server.url("postgres").parse().expect("a URL");
    wait_for(async || {
        wts_adapter_db::migrate(&url)
            .await
            .expect("the migrations run");
    });
    let config = server.url("postgres").parse().expect("a URL");
    with_client(&config, async |client| {
        insert(client, &records, Kind::Postgres).await
    });
    server
}
