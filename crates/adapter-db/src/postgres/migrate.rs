//! Migrating PostgreSQL.

use diesel::{QueryableByName, sql_types::Bool};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};

use super::connection::connect;
use crate::{
    error::{Cause, MigrateError},
    migrations::{self, POSTGRES},
    url::PostgresConfig,
};

/// The advisory lock of all that migrate: the bytes of "wts" and a version.
const LOCK: i64 = 0x7774_7301;

/// The longest wait for another migration, or for a table that is in use.
const LOCK_TIMEOUT: &str = "set lock_timeout = '60s'";

/// See [`crate::migrate`].
pub(super) async fn migrate(config: &PostgresConfig) -> Result<Vec<String>, MigrateError> {
    let mut connection = connect(config, LOCK_TIMEOUT)
        .await
        .map_err(|error| MigrateError::Unreachable(error.into()))?;
    // Held until the connection closes, so that two migrations at once take turns.
    diesel::sql_query(format!("select pg_advisory_lock({LOCK})"))
        .execute(&mut connection)
        .await
        .map_err(failed)?;
    if is_foreign(&mut connection).await.map_err(failed)? {
        return Err(MigrateError::NotOurs);
    }
    // The harness blocks its thread, which the caller's runtime may not be able to spare.
    tokio::task::spawn_blocking(move || {
        migrations::run(&mut AsyncMigrationHarness::new(connection), POSTGRES)
    })
    .await
    .map_err(failed)?
    .map_err(MigrateError::Failed)
}

/// Whether there are tables that our migrations did not make.
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

fn failed(error: impl Into<Cause>) -> MigrateError {
    MigrateError::Failed(error.into())
}
