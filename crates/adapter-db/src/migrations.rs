//! The schema's migrations, the same names for both databases, embedded in the binary.

use diesel::{backend::Backend, migration::MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{DatabaseUrl, MigrateError, error::Cause, postgres, sqlite, url::Address};

pub(crate) const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
pub(crate) const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Which way to go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// Brings the database's schema up to date and gives the names of the migrations that it took, none if it was up to
/// date. An SQLite file that does not exist is created. Safe to call twice at once.
///
/// # Errors
///
/// [`MigrateError`]. The migration that failed is undone, those before it stay.
pub async fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    go(url, Direction::Up).await
}

/// Undoes every migration, last to first, **and with them all data**, and gives their names.
///
/// # Errors
///
/// [`MigrateError`]. The migration that could not be undone stays as it is, and so do those before it.
pub async fn revert(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    go(url, Direction::Down).await
}

async fn go(url: &DatabaseUrl, direction: Direction) -> Result<Vec<String>, MigrateError> {
    match url.address() {
        Address::Postgres(config) => postgres::migrate(config, direction).await,
        Address::Sqlite(file) => sqlite::migrate(file.clone(), direction).await,
    }
}

/// Runs the migrations on a connection and gives the names of those that it ran.
pub(crate) fn run<DB: Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
    direction: Direction,
) -> Result<Vec<String>, Cause> {
    let all = MigrationSource::<DB>::migrations(&migrations)?;
    let versions = match direction {
        Direction::Up => connection.run_pending_migrations(migrations)?,
        Direction::Down => connection.revert_all_migrations(migrations)?,
    };
    let name_of = |version| {
        all.iter()
            .map(|migration| migration.name())
            .find(|name| name.version() == version)
            .map(ToString::to_string)
    };
    Ok(versions.into_iter().filter_map(name_of).collect())
}

/// How many migrations are yet to be run where so many were.
pub(crate) fn pending<DB: Backend>(
    migrations: &EmbeddedMigrations,
    run: i64,
) -> Result<usize, Cause> {
    let all = MigrationSource::<DB>::migrations(migrations)?;
    Ok(all.len().saturating_sub(run.try_into().unwrap_or(0)))
}
