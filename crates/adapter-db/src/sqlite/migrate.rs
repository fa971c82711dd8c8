//! Migrating SQLite.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use diesel::{
    QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_types::Bool,
};

use super::connection::{Mode, connect};
use crate::{
    error::{Cause, MigrateError},
    migrations::{self, SQLITE},
};

/// How long others may keep the file locked.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// See [`crate::migrate`].
pub(super) fn migrate(file: &Path) -> Result<Vec<String>, MigrateError> {
    let mut connection =
        connect(file, Mode::Create).map_err(|error| MigrateError::Unreachable(error.into()))?;
    let names = connection
        // Takes the write lock at once, so that two migrations at once take turns.
        .immediate_transaction(|connection| {
            if is_foreign(connection)? {
                return Err(MigrationAborted::NotOurs);
            }
            migrations::run(connection, SQLITE).map_err(MigrationAborted::Failed)
        });
    let names = names.map_err(|aborted| match aborted {
        MigrationAborted::NotOurs => MigrateError::NotOurs,
        MigrationAborted::Failed(cause) => MigrateError::Failed(cause),
    })?;
    write_ahead(&mut connection).map_err(|error| MigrateError::Failed(error.into()))?;
    Ok(names)
}

/// Switches the file to write-ahead logging, with which readers and a writer do not wait for each other. SQLite fails at
/// once while the file is locked, so this is retried.
fn write_ahead(connection: &mut SqliteConnection) -> diesel::QueryResult<()> {
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
pub(super) fn is_foreign(connection: &mut SqliteConnection) -> diesel::QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = Bool)]
        foreign_tables: bool,
    }

    let answer: Answer = diesel::sql_query(
        "select exists (select 1 from sqlite_master where name = 'tickets') \
         and not exists (select 1 from sqlite_master where name = '__diesel_schema_migrations') as foreign_tables",
    )
    .get_result(connection)?;
    Ok(answer.foreign_tables)
}

/// Why the transaction was rolled back.
enum MigrationAborted {
    NotOurs,
    Failed(Cause),
}

impl From<diesel::result::Error> for MigrationAborted {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}
