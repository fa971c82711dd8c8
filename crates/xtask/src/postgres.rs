//! PostgreSQL servers for tests and measurements.

mod binaries;
mod cluster;

use std::env;

use anyhow::{Context, Result};

use crate::install::Package;
use crate::warden::Warden;
pub(crate) use binaries::Binaries;
pub(crate) use cluster::{Cluster, random_hex};

/// The variable in which the tests find the server: the URL of a role that may create databases and roles.
pub(crate) const URL_VARIABLE: &str = "WTS_TEST_POSTGRES_URL";

const PACKAGE: Package = Package {
    what: "PostgreSQL",
    names: &[
        ("apt-get", "postgresql"),
        ("dnf", "postgresql-server"),
        ("apk", "postgresql"),
        ("pacman", "postgresql"),
        ("zypper", "postgresql-server"),
    ],
    otherwise: "put its initdb on the PATH (Homebrew: `brew install postgresql@17`), or for the tests name a server:\n\
                WTS_TEST_POSTGRES_URL=postgres://SUPERUSER:PASSWORD@HOST/postgres",
};

/// The URL of a server for the tests: the one that [`URL_VARIABLE`] names, or else a private one that ends with `warden`.
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
    // Many connections: the tests run side by side.
    let cluster = cluster::start(warden, &binaries()?, &["max_connections=300"])?;
    Ok(cluster.url())
}

/// A private server with these settings, which ends with `warden`.
///
/// # Errors
///
/// If there is no PostgreSQL and none can be installed, saying what to do; if it does not start.
pub(crate) fn private(warden: &mut Warden, settings: &[&str]) -> Result<(Cluster, Binaries)> {
    let binaries = binaries()?;
    let cluster = cluster::start(warden, &binaries, settings)?;
    Ok((cluster, binaries))
}

/// The binaries found here, or those the system's package manager brings, if we may use it.
fn binaries() -> Result<Binaries> {
    if Binaries::find().is_none() {
        PACKAGE.install()?;
    }
    let binaries = Binaries::find()
        .context("PostgreSQL was installed, but its initdb is nowhere to be found")?;
    println!(
        "    {} in {}",
        binaries.version()?,
        binaries.directory().display()
    );
    Ok(binaries)
}
