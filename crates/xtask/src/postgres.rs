//! A PostgreSQL server for the tests.

mod account;
mod binaries;
mod cluster;
mod install;

use std::env;

use anyhow::{Context, Result};

use crate::warden::Warden;
use binaries::Binaries;

/// The variable in which the tests find the server: the URL of a role that may create databases and roles.
pub(crate) const URL_VARIABLE: &str = "WTS_TEST_POSTGRES_URL";

/// The URL of a server: the one that [`URL_VARIABLE`] names, or else a private one that ends with `warden`.
///
/// A private one runs on the binaries found here, or on those the system's package manager brings, if we may use it.
///
/// # Errors
///
/// If there is no PostgreSQL and none can be installed, saying what to do; if the private server does not start.
pub(crate) fn provide(warden: &mut Warden) -> Result<String> {
    match env::var(URL_VARIABLE) {
        Ok(url) if !url.is_empty() => {
            println!("    the server that {URL_VARIABLE} names; its role needs to be a superuser");
            return Ok(url);
        }
        Ok(_) | Err(env::VarError::NotPresent) => {}
        Err(error) => return Err(error).context(URL_VARIABLE),
    }
    if Binaries::find().is_none() {
        install::install()?;
    }
    let binaries = Binaries::find()
        .context("PostgreSQL was installed, but its initdb is nowhere to be found")?;
    println!(
        "    {} in {}",
        binaries.version()?,
        binaries.directory().display()
    );
    cluster::start(warden, &binaries)
}
