//! A separate PostgreSQL server for one test.

use wts_test_postgres::PostgresServer;

use crate::{
    Kind, Records,
    database::{insert, wait_for, with_client},
};

/// Starts a server and inserts these records into its database `postgres`, which has the migrated schema.
pub fn server_with(records: Records) -> PostgresServer {
    server_with_settings(records, &[])
}

/// Starts a server as [`server_with`] does, with further settings.
pub fn server_with_settings(records: Records, settings: &[&str]) -> PostgresServer {
    let settings = [&["shared_buffers=16MB"], settings].concat();
    let server = PostgresServer::start(&settings).expect("PostgreSQL starts");
    let url = server.url("postgres").parse().expect("the URL is valid");
    wait_for(async || {
        wts_adapter_db::migrate(&url)
            .await
            .expect("the migrations run");
    });
    let config = server.url("postgres").parse().expect("the URL is valid");
    with_client(&config, async |client| {
        insert(client, &records, Kind::Postgres).await
    });
    server
}
