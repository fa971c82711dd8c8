//! Creates the databases of a benchmark.

use std::{path::PathBuf, process::Command};

use anyhow::Result;
use clap::ValueEnum;
use wts_test_postgres::{PostgresServer, TemporaryDirectory};

use crate::{
    command::{in_target, output, program},
    postgres,
};

/// The settings of PostgreSQL. Ten million traces with their indexes take 2 GB.
const SETTINGS: &[&str] = &[
    "shared_buffers=3GB",
    "max_wal_size=8GB",
    "max_connections=300",
    "synchronous_commit=off",
];
const NAME: &str = "wts";

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// PostgreSQL with the migrated schema.
    Postgres,
    /// PostgreSQL with the WTS v3 schema.
    WtsV3,
    /// SQLite.
    Sqlite,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::WtsV3 => "PostgreSQL, the WTS v3 schema",
            Self::Sqlite => "SQLite",
        }
    }
}

/// Starts a PostgreSQL server with these additional settings if one of these kinds of database needs it.
pub(super) fn start_server(kinds: &[Kind], settings: &[String]) -> Result<Option<PostgresServer>> {
    let is_needed = kinds.iter().any(|kind| *kind != Kind::Sqlite);
    let added = settings.iter().map(String::as_str);
    let settings: Vec<_> = SETTINGS.iter().copied().chain(added).collect();
    is_needed.then(|| postgres::start(&settings)).transpose()
}

/// A database for a benchmark.
pub(super) struct Database<'a> {
    pub(super) kind: Kind,
    /// The server that contains the database; `None` for SQLite.
    pub(super) server: Option<&'a PostgresServer>,
    /// The directory for the files of the benchmark, which is removed with this value.
    pub(super) directory: TemporaryDirectory,
}

impl<'a> Database<'a> {
    /// Creates a database with empty tables.
    pub(super) fn create(kind: Kind, server: Option<&'a PostgresServer>) -> Result<Self> {
        let database = Self {
            kind,
            server: server.filter(|_| kind != Kind::Sqlite),
            directory: TemporaryDirectory::create()?,
        };
        if let Some(server) = database.server {
            output(server.command("createdb").arg(NAME))?;
        }
        output(&mut database.wts("migrate"))?;
        Ok(database)
    }

    pub(super) fn url(&self) -> String {
        match self.server {
            Some(server) => server.url(NAME),
            None => format!("sqlite:{}", self.file().display()),
        }
    }

    /// Returns the file of a SQLite database.
    pub(super) fn file(&self) -> PathBuf {
        self.directory.path().join("wts.db")
    }

    /// Returns a `wts` command that uses this database.
    pub(super) fn wts(&self, command: &str) -> Command {
        let mut wts = program(in_target("release/wts"));
        wts.arg(command).env("WTS_DATABASE_URL", self.url());
        wts.env("WTS_LOG", "warn");
        wts
    }

    /// Removes the database from the server. Its files are removed when this value is dropped.
    pub(super) fn remove(self) -> Result<()> {
        if let Some(server) = self.server {
            output(server.command("dropdb").args(["--force", NAME]))?;
        }
        Ok(())
    }
}

/// Returns a command for a client program of PostgreSQL that uses the benchmark's database.
pub(super) fn client(server: &PostgresServer, program: &str) -> Command {
    let mut command = server.command(program);
    command.env("PGDATABASE", NAME);
    if program == "psql" {
        command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]);
    }
    command
}
