//! Migrates the schema of a SQLite file.

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

/// The longest that another process may keep the file locked.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Implements [`crate::migrate`] for SQLite.
pub(super) fn migrate(file: &Path) -> Result<Vec<String>, MigrateError> {
    let mut connection =
        connect(file, Mode::Create).map_err(|error| MigrateError::Unreachable(error.into()))?;
    // An immediate transaction locks the file at its start, so that concurrent migrations run one after the other.
    let names = connection.immediate_transaction(|connection| {
        if is_foreign(connection)? {
            return Err(MigrateError::UnmanagedSchema);
        }
        migrations::run(connection, SQLITE).map_err(MigrateError::Failed)
    })?;
    write_ahead(&mut connection)?;
    Ok(names)
}

/// Switches the file to write-ahead logging, in which readers and a writer do not block each other. The switch fails
/// immediately while the file is locked, so it is retried.
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

/// Returns whether the file has tables that were not created by the migrations of this crate.
pub(super) fn is_foreign(connection: &mut SqliteConnection) -> QueryResult<bool> {
    let is_foreign = "exists (select 1 from sqlite_master where name = 'tickets') \
         and not exists (select 1 from sqlite_master where name = '__diesel_schema_migrations')";
    diesel::select(sql::<Bool>(is_foreign)).get_result(connection)
}
