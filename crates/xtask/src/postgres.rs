//! PostgreSQL servers for tests and measurements.

use std::env;

use anyhow::{Context, Result};
use wts_test_postgres::{PostgresServer, find_programs};

use crate::install::debian_package;

/// The variable in which the tests find the server: the URL of a role that may create databases and roles.
pub(crate) const URL_VARIABLE: &str = "WTS_TEST_POSTGRES_URL";

/// A server for the tests.
pub(crate) struct TestServer {
    url: String,
    _own: Option<PostgresServer>,
}

impl TestServer {
    /// The server that [`URL_VARIABLE`] names, otherwise a throw-away one.
    ///
    /// # Errors
    ///
    /// If there is no PostgreSQL and none can be installed, with what to do; if the throw-away server does not start.
    pub(crate) fn provide() -> Result<Self> {
        match env::var(URL_VARIABLE) {
            Ok(url) if !url.is_empty() => {
                println!(
                    "    the server that {URL_VARIABLE} names; its role needs to be a superuser"
                );
                return Ok(Self { url, _own: None });
            }
            Ok(_) | Err(env::VarError::NotPresent) => {}
            Err(error) => return Err(error).context(URL_VARIABLE),
        }
        // Many connections, because the tests run side by side.
        let server = start(&["max_connections=300", "synchronous_commit=off"])?;
        Ok(Self {
            url: server.url("postgres"),
            _own: Some(server),
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// A throw-away server with these settings.
///
/// # Errors
///
/// If there is no PostgreSQL and none can be installed, with what to do; if it does not start.
pub(crate) fn start(settings: &[&str]) -> Result<PostgresServer> {
    let instead = format!(", or name a server for the tests in {URL_VARIABLE}");
    debian_package("postgresql", || find_programs().is_some(), &instead)?;
    let server = PostgresServer::start(settings)?;
    println!(
        "    a server that was started with the programs in {}",
        server.programs().display()
    );
    Ok(server)
}
