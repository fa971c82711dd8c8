//! The trait that the PostgreSQL and SQLite backends implement.

use async_trait::async_trait;
use tokio_util::task::AbortOnDropHandle;
use wts_app::{HistorySink, HistorySource, Repositories, Selection};

use crate::{
    error::{MigrateError, OpenError},
    health::DatabaseHealth,
    inspection::Inspection,
    metrics::DatabaseMetrics,
    settings::ReadSettings,
};

/// A PostgreSQL or SQLite database. Each method is documented in full at the public function of this crate that calls
/// it.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    /// Opens the database for reading and starts its health checks, which update `health`. The replicas update
    /// `metrics`.
    async fn open(
        &self,
        settings: &ReadSettings,
        metrics: &DatabaseMetrics,
        health: DatabaseHealth,
    ) -> Result<OpenBackend, OpenError>;

    /// Returns the facts about the database, as [`crate::inspect`] does.
    async fn inspect(&self) -> Result<Inspection, OpenError>;

    /// Runs the pending migrations, as [`crate::migrate`] does.
    async fn migrate(&self) -> Result<Vec<String>, MigrateError>;

    /// Returns the histories in the database, as [`crate::source`] does.
    async fn source(&self, selection: Selection) -> Result<Box<dyn HistorySource>, OpenError>;

    /// Returns a sink that writes histories, as [`crate::sink`] does.
    async fn sink(&self) -> Result<Box<dyn HistorySink>, OpenError>;
}

/// An open database: its repositories, and the handles of its health check tasks. Dropping a handle stops its task.
pub(crate) struct OpenBackend {
    pub(crate) repositories: Repositories,
    pub(crate) health_checks: Vec<AbortOnDropHandle<()>>,
}
