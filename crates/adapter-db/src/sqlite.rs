//! The SQLite backend.

mod connection;
mod diagnosis;
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
    diagnosis::{diagnose, is_damage, is_unusable, other_format},
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
        let opened = loader::open(&self.0, settings, &health).await;
        let histories = Arc::new(opened.map_err(|error| diagnose(&self.0, error))?);
        let feed = Arc::new(SqliteFeed::open(&self.0, settings, &health)?);
        Ok(OpenBackend {
            repositories: Repositories {
                histories: histories.clone(),
                primary_histories: histories,
                watch: feed.clone(),
                feed,
            },
            health_checks: vec![loader::check_health(&self.0, settings, health)?],
        })
    }

    async fn inspect(&self) -> Result<Inspection, OpenError> {
        let file = self.0.clone();
        spawn_blocking(move || {
            let damage = inspect::find_damage(&file).map_err(OpenError::Unreadable);
            match damage.map_err(|error| diagnose(&file, error))? {
                Some(damage) => Err(OpenError::Damaged(damage.into())),
                None => inspect::inspect(&file)
                    .map_err(|cause| diagnose(&file, OpenError::Unreadable(cause))),
            }
        })
        .await
        .map_err(OpenError::unreachable)?
    }

    async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        let file = self.0.clone();
        spawn_blocking(move || {
            // SQLite would overwrite a file of a few bytes.
            if let Ok(Some(found)) = other_format(&file) {
                let error = OpenError::NotDatabase(file, found);
                return Err(MigrateError::Unusable(error));
            }
            migrate::migrate(&file).map_err(|error| match error {
                MigrateError::Failed(cause) | MigrateError::Unreachable(cause)
                    if is_unusable(&*cause) =>
                {
                    MigrateError::Unusable(diagnose(&file, OpenError::Unreadable(cause)))
                }
                error => error,
            })
        })
        .await
        .map_err(|panic| MigrateError::Failed(panic.into()))?
    }

    async fn source(&self, selection: Selection) -> Result<Box<dyn HistorySource>, OpenError> {
        let file = self.0.clone();
        let source = spawn_blocking(move || {
            transfer::source(&file, selection).map_err(|error| diagnose(&file, error))
        })
        .await
        .map_err(OpenError::unreachable)?;
        Ok(Box::new(source?))
    }

    async fn sink(&self) -> Result<Box<dyn HistorySink>, OpenError> {
        let file = self.0.clone();
        let sink =
            spawn_blocking(move || transfer::sink(&file).map_err(|error| diagnose(&file, error)))
                .await
                .map_err(|panic| OpenError::Unwritable(panic.into()))?;
        Ok(Box::new(sink?))
    }
}
