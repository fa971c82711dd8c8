//! Where histories go into and out of.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{Kind, succeed};
use crate::{
    postgres::{self, Binaries, Cluster},
    programs::built,
    warden::Warden,
};

/// What an operator of ten million traces would give PostgreSQL.
const SETTINGS: &[&str] = &["shared_buffers=1GB", "max_wal_size=8GB"];
const DATABASE: &str = "wts";
const TABLES: [&str; 4] = [
    "data.students",
    "wts.operators",
    "wts.tickets",
    "wts.ticket_traces",
];

/// A PostgreSQL of our own.
pub(super) struct Server {
    cluster: Cluster,
    binaries: Binaries,
}

impl Server {
    pub(super) fn start(warden: &mut Warden) -> Result<Self> {
        let (cluster, binaries) = postgres::private(warden, SETTINGS)?;
        Ok(Self { cluster, binaries })
    }

    /// All the data, as `pg_dump` writes it.
    pub(super) fn dump(&self, file: &Path) -> Command {
        let mut dump = self.program("pg_dump");
        dump.arg("--data-only").arg("--file").arg(file);
        dump.args(TABLES.map(|table| format!("--table={table}")));
        dump.arg(DATABASE);
        dump
    }

    /// What `pg_dump` wrote, read in one transaction.
    pub(super) fn restore(&self, file: &Path) -> Command {
        let mut restore = self.program("psql");
        restore
            .args([
                "--quiet",
                "--no-psqlrc",
                "--single-transaction",
                "--set=ON_ERROR_STOP=1",
            ])
            .arg("--file")
            .arg(file)
            .arg(DATABASE);
        restore
    }

    /// The traces and nothing else, in the order in which they lie.
    pub(super) fn copy_out(&self) -> Command {
        let mut copy = self.program("psql");
        copy.args(["--no-psqlrc", "--command=copy wts.ticket_traces to stdout"]);
        copy.arg(DATABASE);
        copy
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.directory().join(name));
        command
            .env("PGPASSWORD", &self.cluster.password)
            .args(["--host=127.0.0.1", "--username=postgres"])
            .arg(format!("--port={}", self.cluster.port));
        command
    }
}

/// A database.
pub(super) struct Place<'a> {
    pub(super) kind: Kind,
    server: Option<&'a Server>,
    file: PathBuf,
}

impl<'a> Place<'a> {
    pub(super) fn new(kind: Kind, server: Option<&'a Server>, directory: &Path) -> Self {
        Self {
            kind,
            server: server.filter(|_| kind == Kind::Postgres),
            file: directory.join("wts.db"),
        }
    }

    pub(super) fn server(&self) -> Option<&'a Server> {
        self.server
    }

    /// Makes it anew, with our tables and nothing in them.
    pub(super) fn make(&self, warden: &mut Warden) -> Result<()> {
        self.remove(warden)?;
        if let Some(server) = self.server {
            succeed(warden, server.program("createdb").arg(DATABASE))?;
        }
        succeed(warden, &mut self.wts("migrate"))
    }

    pub(super) fn remove(&self, warden: &mut Warden) -> Result<()> {
        if let Some(server) = self.server {
            return succeed(
                warden,
                server
                    .program("dropdb")
                    .args(["--if-exists", "--force", DATABASE]),
            );
        }
        for name in ["wts.db", "wts.db-wal", "wts.db-shm"] {
            let file = self.file.with_file_name(name);
            if file.exists() {
                fs::remove_file(&file).with_context(|| file.display().to_string())?;
            }
        }
        Ok(())
    }

    /// A command of the service's on this database.
    pub(super) fn wts(&self, command: &str) -> Command {
        let url = match self.server {
            Some(server) => server.cluster.url_of(DATABASE),
            None => format!("sqlite:{}", self.file.display()),
        };
        let mut wts = Command::new(built("release", "wts"));
        wts.arg(command)
            .env("WTS_DATABASE_URL", url)
            .env("WTS_LOG", "warn");
        wts
    }
}

/// A new folder that the warden removes.
pub(super) fn directory(warden: &mut Warden) -> Result<TempDir> {
    let directory = tempfile::Builder::new()
        .prefix("wts-bench-data-")
        .tempdir()
        .context("could not create a temporary folder")?;
    warden.remove_later(directory.path())?;
    Ok(directory)
}
