//! The trait that the PostgreSQL and SQLite backends implement.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::task::AbortOnDropHandle;
use wts_app::{HistoryRepository, HistorySink, HistorySource, Selection};

use crate::{
    error::{Cause, MigrateError, OpenError},
    health::DatabaseHealth,
    inspection::Inspection,
    metrics::DatabaseMetrics,
    settings::ReadSettings,
};

/// A PostgreSQL or SQLite database. The public function of this crate that calls a method documents it.
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

    /// See [`crate::inspect`].
    async fn inspect(&self) -> Result<Inspection, Cause>;

    /// See [`crate::migrate`].
    async fn migrate(&self) -> Result<Vec<String>, MigrateError>;

    /// See [`crate::source`].
    async fn source(&self, selection: Selection) -> Result<Box<dyn HistorySource>, OpenError>;

    /// See [`crate::sink`].
    async fn sink(&self) -> Result<Box<dyn HistorySink>, OpenError>;
}

/// An open database: the repository of its histories, and the handles of its health check tasks. Dropping a handle
/// stops its task.
pub(crate) struct OpenBackend {
    pub(crate) histories: Arc<dyn HistoryRepository>,
    pub(crate) health_checks: Vec<AbortOnDropHandle<()>>,
}
