//! The migrations of the schema, embedded in the binary. PostgreSQL and SQLite have migrations of the same names.

use diesel::{backend::Backend, migration::MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::error::Cause;

pub(crate) const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
pub(crate) const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Runs the pending migrations on a connection and returns their names.
pub(crate) fn run<DB: Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, Cause> {
    let pending = connection.pending_migrations(migrations)?;
    let names = pending.iter().map(|migration| migration.name().to_string());
    let names = names.collect();
    connection.run_migrations(&pending)?;
    Ok(names)
}

/// The SQL expression for the number of migrations that have run.
pub(crate) const COUNT_RUN: &str = "(select count(*) from __diesel_schema_migrations)";

/// Returns the number of migrations that are pending after `run` migrations have run.
pub(crate) fn pending<DB: Backend>(
    migrations: &EmbeddedMigrations,
    run: i64,
) -> Result<usize, Cause> {
    let all = MigrationSource::<DB>::migrations(migrations)?;
    Ok(all.len().saturating_sub(run.try_into().unwrap_or(0)))
}
