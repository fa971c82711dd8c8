//! A database in a directory of its own.

use std::path::Path;

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use tempfile::TempDir;

pub(super) struct OnDisk {
    directory: TempDir,
}

impl OnDisk {
    pub(super) fn new() -> Self {
        let directory = tempfile::Builder::new()
            // What may stand in a path and means something in a URI.
            .prefix("wts test ?#%-")
            .tempdir()
            .expect("a directory can be made");
        Self { directory }
    }

    fn file(&self) -> String {
        self.directory.path().join("wts.db").display().to_string()
    }

    pub(super) fn url(&self) -> String {
        format!("sqlite:{}", self.file())
    }

    pub(super) fn execute(&self, sql: &str) {
        write_sqlite(Path::new(&self.file()), sql);
    }
}

/// Runs statements on an SQLite file.
pub fn write_sqlite(file: &Path, sql: &str) {
    let file = file.to_str().expect("the tests' paths are UTF-8");
    let mut connection = SqliteConnection::establish(file).expect("the file opens");
    connection
        .batch_execute("pragma busy_timeout = 10000; pragma foreign_keys = on")
        .and_then(|()| connection.batch_execute(sql))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}
