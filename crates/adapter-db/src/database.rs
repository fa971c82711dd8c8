//! The public operations on a database of either kind.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use wts_app::{HistoryRepository, HistorySink, HistorySource, Selection};

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

/// The name of the database that is written to, in the log and the metrics.
const PRIMARY: &str = "primary";

/// Chooses the backend: the one place that distinguishes kinds of databases.
fn backend(url: &DatabaseUrl) -> Box<dyn Backend> {
    match url.address() {
        Address::Postgres(config) => config.clone(),
        Address::Sqlite(file) => Box::new(SqliteFile(file.clone())),
    }
}

/// An open database and its background health checks, which end when it is dropped.
pub struct Database {
    histories: Arc<dyn HistoryRepository>,
    readable: watch::Receiver<bool>,
    _health_checks: Vec<AbortOnDropHandle<()>>,
}

impl Database {
    /// Opens the database for reading and proves, with a real read, that histories can be read from it. Replicas need not
    /// be reachable: they are read from as soon as they are, and keep up.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if it is not there, cannot be reached or does not hold histories that this role may read, or if there
    /// are replicas and not all of them and the database itself are PostgreSQL.
    pub async fn open(
        url: &DatabaseUrl,
        settings: &ReadSettings,
        metrics: &DatabaseMetrics,
    ) -> Result<Self, OpenError> {
        let health = DatabaseHealth::new(PRIMARY, metrics);
        let readable = health.readable();
        let OpenBackend {
            histories,
            health_checks,
        } = backend(url).open(settings, metrics, health).await?;
        Ok(Self {
            histories,
            readable,
            _health_checks: health_checks,
        })
    }

    /// Its histories.
    pub fn histories(&self) -> Arc<dyn HistoryRepository> {
        Arc::clone(&self.histories)
    }

    /// Whether histories can be read from it, as of a moment ago.
    pub fn readable(&self) -> watch::Receiver<bool> {
        self.readable.clone()
    }
}

/// Opens a database for reading, with default settings and without the health checks of a [`Database`].
///
/// # Errors
///
/// Those of [`Database::open`].
pub async fn connect(url: &DatabaseUrl) -> Result<Arc<dyn HistoryRepository>, OpenError> {
    let metrics = DatabaseMetrics::default();
    let database = Database::open(url, &ReadSettings::default(), &metrics).await?;
    Ok(database.histories())
}

/// Inspects a database that can be read.
///
/// # Errors
///
/// [`OpenError`] if it cannot be read.
pub async fn inspect(url: &DatabaseUrl) -> Result<Inspection, OpenError> {
    connect(url).await?;
    backend(url).inspect().await.map_err(OpenError::Unreadable)
}

/// Brings the schema up to date and returns the names of the migrations that ran, none if it was up to date. An SQLite
/// file that does not exist is created. Two calls at once take turns.
///
/// # Errors
///
/// [`MigrateError`]. The migration that failed is undone, those before it stay.
pub async fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    backend(url).migrate().await
}

/// Returns the histories in a database, our own or an existing WTS v3 database, as they are when this returns. Later writes
/// are not included, also if reading takes long.
///
/// Must be called within a tokio runtime. The source blocks the thread on which it is read, and uses this runtime.
///
/// # Errors
///
/// [`OpenError`] if the database is not there, cannot be reached or does not hold histories that this role may read.
pub async fn source(
    url: &DatabaseUrl,
    selection: Selection,
) -> Result<Box<dyn HistorySource>, OpenError> {
    backend(url).source(selection).await
}

/// Writes histories into a database that [`migrate`] made, in one transaction. A ticket is either new, or there already
/// exactly as it comes, with all its history; everything else is a conflict. Other writers have to wait until the sink is
/// finished or dropped. Readers do not, except of a PostgreSQL database without tickets that this role owns: its foreign
/// keys are dropped meanwhile, which makes the import several times as fast.
///
/// As for [`source`], within a runtime.
///
/// # Errors
///
/// [`OpenError`] if the database is not there, cannot be reached or cannot be written to.
pub async fn sink(url: &DatabaseUrl) -> Result<Box<dyn HistorySink>, OpenError> {
    backend(url).sink().await
}
