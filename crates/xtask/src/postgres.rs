//! Provides PostgreSQL servers for tests and benchmarks.

use std::env;

use anyhow::Result;
use wts_test_postgres::{PostgresServer, find_pgbouncer, find_programs};

use crate::install::debian_package;

/// The environment variable with the URL of the PostgreSQL server for tests. Its role must be allowed to create
/// databases and roles.
pub(crate) const URL_VARIABLE: &str = "WTS_TEST_POSTGRES_URL";

/// Returns the URL of the server for tests: the one in [`URL_VARIABLE`], otherwise that of a temporary server. Installs
/// PgBouncer, which the tests of connection poolers start.
pub(crate) fn provide() -> Result<(String, Option<PostgresServer>)> {
    debian_package("pgbouncer", || find_pgbouncer().is_some(), "")?;
    if let Some(url) = env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty()) {
        println!("    using the server in {URL_VARIABLE}, whose role must be a superuser");
        return Ok((url, None));
    }
    // Tests run in parallel and need many connections.
    let server = start(&["max_connections=300", "synchronous_commit=off"])?;
    Ok((server.url("postgres"), Some(server)))
}

/// Starts a temporary server with these settings.
pub(crate) fn start(settings: &[&str]) -> Result<PostgresServer> {
    let alternative = format!(", or set {URL_VARIABLE} to the URL of a server");
    debian_package("postgresql", || find_programs().is_some(), &alternative)?;
    let server = PostgresServer::start(settings)?;
    println!(
        "    started a temporary server in {}",
        server.directory().display()
    );
    Ok(server)
}
