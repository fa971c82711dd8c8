//! The databases of a benchmark.

use std::{path::PathBuf, process::Command};

use anyhow::Result;
use clap::ValueEnum;
use wts_test_postgres::{PostgresServer, TemporaryDirectory};

use crate::{
    command::{in_target, output, program},
    postgres,
};

/// The settings that an administrator would give PostgreSQL for some million traces.
const SETTINGS: &[&str] = &[
    "shared_buffers=2GB",
    "max_wal_size=8GB",
    "max_connections=300",
    "synchronous_commit=off",
];
const NAME: &str = "wts";

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// PostgreSQL with our own schema.
    Postgres,
    /// PostgreSQL as the predecessor made it.
    WtsV3,
    /// Embedded SQLite.
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

/// Starts the server that these kinds of database need.
pub(super) fn start_server(kinds: &[Kind]) -> Result<Option<PostgresServer>> {
    let is_needed = kinds.iter().any(|kind| *kind != Kind::Sqlite);
    is_needed.then(|| postgres::start(SETTINGS)).transpose()
}

/// A database.
pub(super) struct Database<'a> {
    pub(super) kind: Kind,
    /// The server that the database is in, unless it is a file.
    pub(super) server: Option<&'a PostgresServer>,
    /// For the files of the benchmark; it is removed with the database.
    pub(super) directory: TemporaryDirectory,
}

impl<'a> Database<'a> {
    /// Creates a database with our tables and nothing in them.
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

    /// The file of an SQLite database.
    pub(super) fn file(&self) -> PathBuf {
        self.directory.path().join("wts.db")
    }

    /// A command of the service on this database.
    pub(super) fn wts(&self, command: &str) -> Command {
        let mut wts = program(in_target("release/wts"));
        wts.arg(command).env("WTS_DATABASE_URL", self.url());
        wts.env("WTS_LOG", "warn");
        wts
    }

    /// Removes the database. Its files are removed when it is dropped.
    pub(super) fn remove(self) -> Result<()> {
        if let Some(server) = self.server {
            output(server.command("dropdb").args(["--force", NAME]))?;
        }
        Ok(())
    }
}

/// A client program of PostgreSQL on the benchmark's database.
pub(super) fn client(server: &PostgresServer, program: &str) -> Command {
    let mut command = server.command(program);
    command.env("PGDATABASE", NAME);
    if program == "psql" {
        command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]);
    }
    command
}
