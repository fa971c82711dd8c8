//! Migrating SQLite.

use std::path::{Path, PathBuf};

use diesel::{
    QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_types::Bool,
};
use diesel_migrations::MigrationHarness;

use super::{Mode, connect};
use crate::{
    MigrateError,
    error::Cause,
    migrations::{Direction, SQLITE},
};

/// See [`crate::migrate`].
pub(crate) async fn migrate(
    file: PathBuf,
    direction: Direction,
) -> Result<Vec<String>, MigrateError> {
    tokio::task::spawn_blocking(move || run(&file, direction))
        .await
        .map_err(|error| MigrateError::Failed(error.into()))?
}

fn run(file: &Path, direction: Direction) -> Result<Vec<String>, MigrateError> {
    let mut connection =
        connect(file, Mode::Create).map_err(|error| MigrateError::Unreachable(error.into()))?;
    // Readers and a writer do not wait for each other. The file remembers it.
    connection
        .batch_execute("pragma journal_mode = wal")
        .map_err(|error| MigrateError::Unreachable(error.into()))?;
    let versions = connection
        // Takes the write lock at once, so that two who migrate at once take turns.
        .immediate_transaction(|connection| {
            if is_foreign(connection)? {
                return Err(Undone::NotOurs);
            }
            let versions = match direction {
                Direction::Up => connection.run_pending_migrations(SQLITE),
                Direction::Down => connection.revert_all_migrations(SQLITE),
            }
            .map_err(Undone::Failed)?;
            Ok(versions.iter().map(ToString::to_string).collect())
        });
    versions.map_err(|undone| match undone {
        Undone::NotOurs => MigrateError::NotOurs,
        Undone::Failed(cause) => MigrateError::Failed(cause),
    })
}

/// Whether the tables were there before any migration of ours.
fn is_foreign(connection: &mut SqliteConnection) -> diesel::QueryResult<bool> {
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
enum Undone {
    NotOurs,
    Failed(Cause),
}

impl From<diesel::result::Error> for Undone {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}
