//! The public operations on a PostgreSQL or SQLite database.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use wts_app::{HistoryRepository, HistorySink, HistorySource, Repositories, Selection};

use crate::{
    backend::{Backend, OpenBackend},
    error::{MigrateError, OpenError},
    health::DatabaseHealth,
    inspection::Inspection,
    metrics::DatabaseMetrics,
    settings::ReadSettings,
    sqlite::SqliteFile,
    url::{Address, DatabaseUrl},
};

/// The name of the primary database in logs and metrics.
const PRIMARY: &str = "primary";

/// Returns the backend for a URL. No other function distinguishes PostgreSQL from SQLite.
fn backend(url: &DatabaseUrl) -> Box<dyn Backend> {
    match url.address() {
        Address::Postgres(config) => config.clone(),
        Address::Sqlite(file) => Box::new(SqliteFile(file.clone())),
    }
}

/// An open database with background health checks. Dropping this value stops the health checks.
pub struct Database {
    repositories: Repositories,
    readable: watch::Receiver<bool>,
    _health_checks: Vec<AbortOnDropHandle<()>>,
}

impl Database {
    /// Opens the database for reading and verifies with a query that ticket histories can be read. Replicas need not be
    /// reachable: a replica is read from once it is reachable and its lag is below the maximum.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`] if the database does not exist, cannot be reached, or holds no histories that the role may
    /// read. Also returns [`OpenError`] if replicas are configured and the database or a replica is not PostgreSQL.
    pub async fn open(
        url: &DatabaseUrl,
        settings: &ReadSettings,
        metrics: &DatabaseMetrics,
    ) -> Result<Self, OpenError> {
        let health = DatabaseHealth::new(PRIMARY, metrics);
        let readable = health.readable();
        let OpenBackend {
            repositories,
            health_checks,
        } = backend(url).open(settings, metrics, health).await?;
        Ok(Self {
            repositories,
            readable,
            _health_checks: health_checks,
        })
    }

    /// Returns the repositories of this database.
    pub fn repositories(&self) -> Repositories {
        self.repositories.clone()
    }

    /// Returns a channel that holds whether histories can be read, according to the latest health check.
    pub fn readable(&self) -> watch::Receiver<bool> {
        self.readable.clone()
    }
}

/// Opens the repositories of a database with default settings and without background health checks.
///
/// # Errors
///
/// Returns the errors of [`Database::open`].
pub async fn repositories(url: &DatabaseUrl) -> Result<Repositories, OpenError> {
    let metrics = DatabaseMetrics::default();
    let database = Database::open(url, &ReadSettings::default(), &metrics).await?;
    Ok(database.repositories)
}

/// Opens the repository of histories as [`repositories`] does.
///
/// # Errors
///
/// Returns the errors of [`Database::open`].
pub async fn connect(url: &DatabaseUrl) -> Result<Arc<dyn HistoryRepository>, OpenError> {
    Ok(repositories(url).await?.histories)
}

/// Returns the facts about a database that an administrator checks before serving from it.
///
/// # Errors
///
/// Returns [`OpenError`] if histories cannot be read from the database.
pub async fn inspect(url: &DatabaseUrl) -> Result<Inspection, OpenError> {
    connect(url).await?;
    backend(url).inspect().await
}

/// Runs the pending migrations and returns their names; the list is empty if the schema was up to date. A missing
/// SQLite file is created. Concurrent calls run one after the other.
///
/// # Errors
///
/// Returns [`MigrateError`] if a migration fails. The failed migration is rolled back; the migrations before it remain.
pub async fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    backend(url).migrate().await
}

/// Returns the histories in a database as they are when this function returns. Later writes are not included, even if
/// reading takes long. The database may have the schema of [`migrate`] or of WTS v3.
///
/// Must be called within a tokio runtime, which the source uses later. Reading from the source blocks the current
/// thread.
///
/// # Errors
///
/// Returns [`OpenError`] if the database does not exist, cannot be reached, or holds no histories that the role may
/// read.
pub async fn source(
    url: &DatabaseUrl,
    selection: Selection,
) -> Result<Box<dyn HistorySource>, OpenError> {
    backend(url).source(selection).await
}

/// Returns a sink that writes histories into a database with the schema of [`migrate`], in one transaction. A ticket of
/// the import must be new, or equal to the existing ticket including all traces; any difference is a conflict.
///
/// Other writers are blocked until the sink is finished or dropped. Readers are not blocked, with one exception: if a
/// PostgreSQL database has no tickets and the role owns its tables, the foreign keys are dropped during the import.
/// Readers wait then, but the import is several times as fast.
///
/// Must be called within a tokio runtime, like [`source`].
///
/// # Errors
///
/// Returns [`OpenError`] if the database does not exist, cannot be reached, or cannot be written to.
pub async fn sink(url: &DatabaseUrl) -> Result<Box<dyn HistorySink>, OpenError> {
    backend(url).sink().await
}
