//! The operations that each kind of database implements.

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

/// One database of one kind. The public functions of this crate document what each method promises.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    /// Opens the database for reading, and its health checks, which update `health`. `metrics` are for its replicas.
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

/// An open database: its histories, and the health checks that run until they are dropped.
pub(crate) struct OpenBackend {
    pub(crate) histories: Arc<dyn HistoryRepository>,
    pub(crate) health_checks: Vec<AbortOnDropHandle<()>>,
}
