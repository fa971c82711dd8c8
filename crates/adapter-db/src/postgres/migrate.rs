//! Migrating PostgreSQL.

use diesel::{dsl::sql, sql_types::Bool};
use diesel_async::{AsyncMigrationHarness, RunQueryDsl};

use super::connection::connect;
use crate::{
    error::MigrateError,
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
        .await?;
    let is_foreign = diesel::select(sql::<Bool>(IS_FOREIGN));
    if is_foreign.get_result(&mut connection).await? {
        return Err(MigrateError::NotOurs);
    }
    // The harness blocks its thread, which the caller's runtime may not be able to spare.
    tokio::task::spawn_blocking(move || {
        migrations::run(&mut AsyncMigrationHarness::new(connection), POSTGRES)
    })
    .await
    .map_err(|panic| MigrateError::Failed(panic.into()))?
    .map_err(MigrateError::Failed)
}

/// Whether there are tables that our migrations did not make.
pub(super) const IS_FOREIGN: &str =
    "to_regclass('wts.tickets') is not null and to_regclass('__diesel_schema_migrations') is null";
