//! Migrating SQLite.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use diesel::{
    QueryResult, RunQueryDsl, SqliteConnection, connection::SimpleConnection, dsl::sql,
    sql_types::Bool,
};

use super::connection::{Mode, connect};
use crate::{
    error::MigrateError,
    migrations::{self, SQLITE},
};

/// How long others may keep the file locked.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// See [`crate::migrate`].
pub(super) fn migrate(file: &Path) -> Result<Vec<String>, MigrateError> {
    let mut connection =
        connect(file, Mode::Create).map_err(|error| MigrateError::Unreachable(error.into()))?;
    // Takes the write lock at once, so that two migrations at once take turns.
    let names = connection.immediate_transaction(|connection| {
        if is_foreign(connection)? {
            return Err(MigrateError::NotOurs);
        }
        migrations::run(connection, SQLITE).map_err(MigrateError::Failed)
    })?;
    write_ahead(&mut connection)?;
    Ok(names)
}

/// Switches the file to write-ahead logging, with which readers and a writer do not wait for each other. SQLite fails at
/// once while the file is locked, so this is retried.
fn write_ahead(connection: &mut SqliteConnection) -> QueryResult<()> {
    let begun = Instant::now();
    loop {
        match connection.batch_execute("pragma journal_mode = wal") {
            Err(error) if begun.elapsed() > LOCK_TIMEOUT => return Err(error),
            Err(_locked) => thread::sleep(Duration::from_millis(10)),
            Ok(()) => return Ok(()),
        }
    }
}

/// Whether there are tables that our migrations did not make.
pub(super) fn is_foreign(connection: &mut SqliteConnection) -> QueryResult<bool> {
    let is_foreign = "exists (select 1 from sqlite_master where name = 'tickets') \
         and not exists (select 1 from sqlite_master where name = '__diesel_schema_migrations')";
    diesel::select(sql::<Bool>(is_foreign)).get_result(connection)
}
