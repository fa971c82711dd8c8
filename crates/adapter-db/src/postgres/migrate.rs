//! Migrating PostgreSQL.

use diesel_async::{AsyncMigrationHarness, AsyncPgConnection};

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
    let client = connect(config, LOCK_TIMEOUT)
        .await
        .map_err(|error| MigrateError::Unreachable(error.into()))?;
    // Held until the connection closes, so that two migrations at once take turns.
    let lock = format!("select pg_advisory_lock({LOCK})");
    client.batch_execute(&lock).await.map_err(failed)?;
    let is_foreign = client.query_one(IS_FOREIGN, &[]).await;
    if is_foreign.and_then(|row| row.try_get(0)).map_err(failed)? {
        return Err(MigrateError::NotOurs);
    }
    let connection = AsyncPgConnection::try_from(client).await.map_err(failed)?;
    // The harness blocks its thread, which the caller's runtime may not be able to spare.
    tokio::task::spawn_blocking(move || {
        migrations::run(&mut AsyncMigrationHarness::new(connection), POSTGRES)
    })
    .await
    .map_err(failed)?
    .map_err(MigrateError::Failed)
}

/// Whether there are tables that our migrations did not make.
pub(super) const IS_FOREIGN: &str = "select to_regclass('wts.tickets') is not null and to_regclass('__diesel_schema_migrations') is null";

fn failed(error: impl Into<Cause>) -> MigrateError {
    MigrateError::Failed(error.into())
}
