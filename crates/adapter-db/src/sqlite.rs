//! The SQLite backend.

mod connection;
mod feed;
mod inspect;
mod loader;
mod migrate;
mod source;
mod statements;
mod transfer;
mod worker;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use tokio::task::spawn_blocking;
use wts_app::{HistorySink, HistorySource, Repositories, Selection};

use self::{
    connection::{Mode, connect, ensure_exists, unreadable},
    feed::SqliteFeed,
};
use crate::{
    backend::{Backend, OpenBackend},
    error::{MigrateError, OpenError},
    health::DatabaseHealth,
    inspection::Inspection,
    metrics::DatabaseMetrics,
    settings::ReadSettings,
};

/// A SQLite database file.
pub(crate) struct SqliteFile(pub(crate) PathBuf);

#[async_trait]
impl Backend for SqliteFile {
    async fn open(
        &self,
        settings: &ReadSettings,
        _metrics: &DatabaseMetrics,
        health: DatabaseHealth,
    ) -> Result<OpenBackend, OpenError> {
        if !settings.replicas.is_empty() {
            return Err(OpenError::ReplicasUnsupported);
        }
        let histories = Arc::new(loader::open(&self.0, settings, &health).await?);
        Ok(OpenBackend {
            repositories: Repositories {
                histories: histories.clone(),
                primary_histories: histories,
                feed: Arc::new(SqliteFeed::open(&self.0, settings, &health)?),
            },
            health_checks: vec![loader::check_health(&self.0, settings, health)?],
        })
    }

    async fn inspect(&self) -> Result<Inspection, OpenError> {
        let file = self.0.clone();
        spawn_blocking(move || inspect::inspect(&file))
            .await
            .map_err(OpenError::unreachable)?
            .map_err(OpenError::Unreadable)
    }

    async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        let file = self.0.clone();
        spawn_blocking(move || migrate::migrate(&file))
            .await
            .map_err(|panic| MigrateError::Failed(panic.into()))?
    }

    async fn source(&self, selection: Selection) -> Result<Box<dyn HistorySource>, OpenError> {
        let file = self.0.clone();
        let source = spawn_blocking(move || transfer::source(&file, selection))
            .await
            .map_err(OpenError::unreachable)?;
        Ok(Box::new(source?))
    }

    async fn sink(&self) -> Result<Box<dyn HistorySink>, OpenError> {
        let file = self.0.clone();
        let sink = spawn_blocking(move || transfer::sink(&file))
            .await
            .map_err(|panic| OpenError::Unwritable(panic.into()))?;
        Ok(Box::new(sink?))
    }
}
