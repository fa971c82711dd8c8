//! PostgreSQL servers for tests and measurements.

use std::env;

use anyhow::Result;
use wts_test_postgres::{PostgresServer, find_programs};

use crate::install::debian_package;

/// The variable in which the tests find the server: the URL of a role that may create databases and roles.
pub(crate) const URL_VARIABLE: &str = "WTS_TEST_POSTGRES_URL";

/// The URL of a server for the tests: the one that [`URL_VARIABLE`] names, otherwise a throw-away one.
pub(crate) fn provide() -> Result<(String, Option<PostgresServer>)> {
    if let Some(url) = env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty()) {
        println!("    the server that {URL_VARIABLE} names; its role needs to be a superuser");
        return Ok((url, None));
    }
    // Many connections, because the tests run side by side.
    let server = start(&["max_connections=300", "synchronous_commit=off"])?;
    Ok((server.url("postgres"), Some(server)))
}

/// A throw-away server with these settings.
pub(crate) fn start(settings: &[&str]) -> Result<PostgresServer> {
    let alternative = format!(", or name a server for the tests in {URL_VARIABLE}");
    debian_package("postgresql", || find_programs().is_some(), &alternative)?;
    let server = PostgresServer::start(settings)?;
    println!(
        "    a throw-away server in {}",
        server.directory().display()
    );
    Ok(server)
}
