//! The databases that are read.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{Kind, service::release, succeeded};
use crate::postgres::{self, Binaries, Cluster};
use crate::programs::on_path;
use crate::warden::Warden;

/// What an operator of some million traces would give PostgreSQL.
const SETTINGS: &[&str] = &[
    "shared_buffers=2GB",
    "max_wal_size=8GB",
    "max_connections=300",
];

/// The number of the made-up campus's first ticket.
pub(super) const FIRST_TICKET: u32 = 123;

/// Where databases are put.
pub(super) struct Servers {
    postgres: Option<(Cluster, Binaries)>,
}

impl Servers {
    /// Starts what these kinds of database need.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(super) fn start(warden: &mut Warden, kinds: &[Kind]) -> Result<Self> {
        let needed = kinds.iter().any(|kind| *kind != Kind::Sqlite);
        let postgres = needed
            .then(|| postgres::private(warden, SETTINGS))
            .transpose()?;
        Ok(Self { postgres })
    }

    /// A database with so many tickets.
    ///
    /// # Errors
    ///
    /// If it cannot be filled.
    pub(super) fn fill(
        &self,
        warden: &mut Warden,
        kind: Kind,
        tickets: u32,
        long: bool,
    ) -> Result<Place<'_>> {
        let directory = tempfile::Builder::new()
            .prefix("wts-bench-")
            .tempdir()
            .context("could not create a temporary folder")?;
        warden.remove_later(directory.path())?;
        let place = Place {
            kind,
            tickets,
            servers: self,
            directory,
        };
        if let Some(cluster) = place.cluster() {
            let mut createdb = Command::new(place.program("createdb"));
            createdb
                .env("PGPASSWORD", &cluster.password)
                .args(["--host=127.0.0.1", "--username=postgres"])
                .arg(format!("--port={}", cluster.port))
                .arg(place.database());
            succeeded("createdb", &warden.output(&mut createdb)?)?;
        }
        println!("    filling {} with {tickets} tickets", place.name());
        let mut fill = Command::new(release("wts-fill"));
        fill.env("WTS_DATABASE_URL", place.url())
            .arg(if kind == Kind::WtsV3 {
                "wts-v3"
            } else {
                "ours"
            })
            .arg(tickets.to_string())
            .args(long.then_some("long"));
        succeeded("wts-fill", &warden.output(&mut fill)?)?;
        Ok(place)
    }
}

/// A database.
pub(super) struct Place<'a> {
    kind: Kind,
    tickets: u32,
    servers: &'a Servers,
    directory: TempDir,
}

impl Place<'_> {
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Postgres => "PostgreSQL",
            Kind::WtsV3 => "PostgreSQL, the WTS v3 schema",
            Kind::Sqlite => "SQLite",
        }
    }

    /// The number of the last ticket with an ordinary history.
    pub(super) fn last(&self) -> u32 {
        FIRST_TICKET + self.tickets - 1
    }

    /// Its name in the cluster.
    pub(super) fn database(&self) -> String {
        let schema = match self.kind {
            Kind::WtsV3 => "v3",
            Kind::Postgres | Kind::Sqlite => "ours",
        };
        format!("{schema}_{}", self.tickets)
    }

    /// The cluster that it is in, unless it is a file.
    pub(super) fn cluster(&self) -> Option<&Cluster> {
        let (cluster, _) = self.servers.postgres.as_ref()?;
        (self.kind != Kind::Sqlite).then_some(cluster)
    }

    pub(super) fn url(&self) -> String {
        match self.cluster() {
            Some(cluster) => cluster.url_of(&self.database()),
            None => format!("sqlite:{}", self.directory().join("wts.db").display()),
        }
    }

    /// A program of PostgreSQL's.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.servers
            .postgres
            .as_ref()
            .map(|(_, binaries)| binaries.program(name))
            .filter(|program| program.is_file())
            .or_else(|| on_path(name))
            .unwrap_or_else(|| name.into())
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Makes room.
    ///
    /// # Errors
    ///
    /// If files cannot be removed.
    pub(super) fn remove(self) -> Result<()> {
        self.directory
            .close()
            .context("could not remove a database")
    }
}
