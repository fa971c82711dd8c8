//! Migrates the schema of a PostgreSQL database.

use diesel::{dsl::sql, sql_types::Bool};
use diesel_async::{AsyncMigrationHarness, RunQueryDsl};

use super::connection::{ConnectError, connect};
use crate::{
    error::MigrateError,
    migrations::{self, POSTGRES},
    url::PostgresConfig,
};

/// The key of the advisory lock for migrations: the bytes of "wts" and a version.
const LOCK: i64 = 0x7774_7301;

/// The longest wait for another migration or for a locked table.
const LOCK_TIMEOUT: &str = "60s";

/// Implements [`crate::migrate`] for PostgreSQL.
pub(super) async fn migrate(config: &PostgresConfig) -> Result<Vec<String>, MigrateError> {
    let mut connection = connect(config, &[("lock_timeout", LOCK_TIMEOUT.to_owned())])
        .await
        .map_err(|error| match error {
            ConnectError::Pooler => MigrateError::Pooler(error.into()),
            error => MigrateError::Unreachable(error.into()),
        })?;
    // The lock is held until the connection closes, so that concurrent migrations run one after the other.
    diesel::sql_query(format!("select pg_advisory_lock({LOCK})"))
        .execute(&mut connection)
        .await?;
    let is_foreign = diesel::select(sql::<Bool>(IS_FOREIGN));
    if is_foreign.get_result(&mut connection).await? {
        return Err(MigrateError::UnmanagedSchema);
    }
    // The migration harness blocks its thread, so it runs on the blocking thread pool.
    tokio::task::spawn_blocking(move || {
        migrations::run(&mut AsyncMigrationHarness::new(connection), POSTGRES)
    })
    .await
    .map_err(|panic| MigrateError::Failed(panic.into()))?
    .map_err(MigrateError::Failed)
}

/// The SQL condition for a database whose tables were not created by the migrations of this crate.
pub(super) const IS_FOREIGN: &str =
    "to_regclass('wts.tickets') is not null and to_regclass('__diesel_schema_migrations') is null";
