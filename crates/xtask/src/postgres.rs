//! PostgreSQL servers for tests and measurements.

use std::env;

use anyhow::Result;
use wts_test_postgres::{PostgresServer, find_programs};

use crate::install::debian_package;

/// The variable in which the tests find the server: the URL of a role that may create databases and roles.
pub(crate) const URL_VARIABLE: &str = "WTS_TEST_POSTGRES_URL";

/// A server for the tests.
pub(crate) enum TestServer {
    /// The one that [`URL_VARIABLE`] names.
    Named(String),
    Own(PostgresServer),
}

impl TestServer {
    /// The server that [`URL_VARIABLE`] names, otherwise a throw-away one.
    pub(crate) fn provide() -> Result<Self> {
        if let Some(url) = env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty()) {
            println!("    the server that {URL_VARIABLE} names; its role needs to be a superuser");
            return Ok(Self::Named(url));
        }
        // Many connections, because the tests run side by side.
        start(&["max_connections=300", "synchronous_commit=off"]).map(Self::Own)
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Named(url) => url.clone(),
            Self::Own(server) => server.url("postgres"),
        }
    }
}

/// A throw-away server with these settings.
pub(crate) fn start(settings: &[&str]) -> Result<PostgresServer> {
    let alternative = format!(", or name a server for the tests in {URL_VARIABLE}");
    debian_package("postgresql", || find_programs().is_some(), &alternative)?;
    let server = PostgresServer::start(settings)?;
    let programs = server.programs().display();
    println!("    a throw-away server, of the programs in {programs}");
    Ok(server)
}
