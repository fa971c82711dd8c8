//! Migrating PostgreSQL.

use diesel::{QueryableByName, sql_types::Bool};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};

use super::{Server, connect};
use crate::{
    MigrateError,
    migrations::{self, Direction, POSTGRES},
};

/// Any number will do, as long as everyone who migrates takes the same: the bytes of "wts" and a version.
const LOCK: i64 = 0x7774_7301;

/// Whoever waits longer for another who migrates, or for a table that is in use, gives up.
const PATIENCE: &str = "set lock_timeout = '60s'";

/// See [`crate::migrate`].
pub(crate) async fn migrate(
    server: &Server,
    direction: Direction,
) -> Result<Vec<String>, MigrateError> {
    let mut connection = connect(server, PATIENCE)
        .await
        .map_err(|error| MigrateError::Unreachable(error.into()))?;
    // Held until the connection closes, so that two who migrate at once take turns.
    diesel::sql_query(format!("select pg_advisory_lock({LOCK})"))
        .execute(&mut connection)
        .await
        .map_err(failed)?;
    if is_foreign(&mut connection).await.map_err(failed)? {
        return Err(MigrateError::NotOurs);
    }
    // The harness blocks its thread, which the runtime that called us may not be able to spare.
    tokio::task::spawn_blocking(move || run(connection, direction))
        .await
        .map_err(failed)?
}

fn run(connection: AsyncPgConnection, direction: Direction) -> Result<Vec<String>, MigrateError> {
    let mut harness = AsyncMigrationHarness::new(connection);
    migrations::run(&mut harness, POSTGRES, direction).map_err(MigrateError::Failed)
}

/// Whether the tables were there before any migration of ours.
pub(super) const IS_FOREIGN: &str = "select to_regclass('wts.tickets') is not null and to_regclass('__diesel_schema_migrations') is null as foreign";

async fn is_foreign(connection: &mut AsyncPgConnection) -> diesel::QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = Bool)]
        foreign: bool,
    }

    let answer: Answer = diesel::sql_query(IS_FOREIGN).get_result(connection).await?;
    Ok(answer.foreign)
}

fn failed(error: impl Into<crate::error::Cause>) -> MigrateError {
    MigrateError::Failed(error.into())
}
