//! Migrating SQLite.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use diesel::{
    QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_types::Bool,
};

use super::{Mode, connect};
use crate::{
    MigrateError,
    error::Cause,
    migrations::{self, Direction, SQLITE},
};

/// How long others may keep the file locked.
const PATIENCE: Duration = Duration::from_secs(10);

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
    let mode = match direction {
        Direction::Up => Mode::Create,
        Direction::Down => Mode::Write,
    };
    let mut connection =
        connect(file, mode).map_err(|error| MigrateError::Unreachable(error.into()))?;
    let versions = connection
        // Takes the write lock at once, so that two who migrate at once take turns.
        .immediate_transaction(|connection| {
            if is_foreign(connection)? {
                return Err(Undone::NotOurs);
            }
            migrations::run(connection, SQLITE, direction).map_err(Undone::Failed)
        });
    let versions = versions.map_err(|undone| match undone {
        Undone::NotOurs => MigrateError::NotOurs,
        Undone::Failed(cause) => MigrateError::Failed(cause),
    })?;
    write_ahead(&mut connection).map_err(|error| MigrateError::Failed(error.into()))?;
    Ok(versions)
}

/// Lets readers and a writer not wait for each other. The file remembers it. SQLite does not wait its turn for this,
/// so it is asked until nobody else is at it.
fn write_ahead(connection: &mut SqliteConnection) -> diesel::QueryResult<()> {
    let begun = Instant::now();
    loop {
        match connection.batch_execute("pragma journal_mode = wal") {
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Err(_locked) => thread::sleep(Duration::from_millis(10)),
            Ok(()) => return Ok(()),
        }
    }
}

/// Whether the tables were there before any migration of ours.
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
enum Undone {
    NotOurs,
    Failed(Cause),
}

impl From<diesel::result::Error> for Undone {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}
