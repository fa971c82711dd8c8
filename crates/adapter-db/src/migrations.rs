//! The schema's migrations, the same names for both databases, embedded in the binary.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::{DatabaseUrl, MigrateError, postgres, sqlite, url::Address};

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
/// [`MigrateError`]; the schema is then as it was.
pub async fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    run(url, Direction::Up).await
}

/// Undoes every migration, last to first, **and with them all data**, and gives their names.
///
/// # Errors
///
/// [`MigrateError`]; the schema is then as it was.
pub async fn revert(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    run(url, Direction::Down).await
}

async fn run(url: &DatabaseUrl, direction: Direction) -> Result<Vec<String>, MigrateError> {
    match url.address() {
        Address::Postgres(config) => postgres::migrate(config, direction).await,
        Address::Sqlite(file) => sqlite::migrate(file.clone(), direction).await,
    }
}
