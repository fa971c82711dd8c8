//! The PostgreSQL backend, which reads the schema of this crate's migrations and an existing WTS v3 database.

mod connection;
mod diagnosis;
mod feed;
mod health_check;
mod inspect;
mod loader;
mod migrate;
mod names;
mod pooler;
mod reader;
mod reader_slot;
mod statements;
mod transfer;
mod wal_lag;

use async_trait::async_trait;
use wts_app::{HistorySink, HistorySource, Selection};

use self::{connection::ConnectError, diagnosis::diagnose};
use crate::{
    backend::{Backend, OpenBackend},
    error::{MigrateError, OpenError},
    health::DatabaseHealth,
    inspection::Inspection,
    metrics::DatabaseMetrics,
    settings::ReadSettings,
    tables::EXPORTED_COLUMNS,
    url::PostgresConfig,
};

#[async_trait]
impl Backend for PostgresConfig {
    async fn open(
        &self,
        settings: &ReadSettings,
        metrics: &DatabaseMetrics,
        health: DatabaseHealth,
    ) -> Result<OpenBackend, OpenError> {
        match health_check::open(self, settings, metrics, health).await {
            Err(error) => Err(diagnose(self, error, &[]).await),
            opened => opened,
        }
    }

    async fn inspect(&self) -> Result<Inspection, OpenError> {
        let inspected = inspect::inspect(self).await;
        inspected.map_err(|cause| match cause.downcast::<ConnectError>() {
            Ok(error) => OpenError::from(*error),
            Err(cause) => OpenError::Unreadable(cause),
        })
    }

    async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        migrate::migrate(self).await
    }

    async fn source(&self, selection: Selection) -> Result<Box<dyn HistorySource>, OpenError> {
        match transfer::source(self, selection).await {
            Err(error) => Err(diagnose(self, error, EXPORTED_COLUMNS).await),
            Ok(source) => Ok(Box::new(source)),
        }
    }

    async fn sink(&self) -> Result<Box<dyn HistorySink>, OpenError> {
        match transfer::sink(self).await {
            Err(error) => Err(match diagnose(self, error, EXPORTED_COLUMNS).await {
                // Reading is not enough for an import.
                OpenError::NoPrivilege(missing) => {
                    OpenError::Unwritable(OpenError::NoPrivilege(missing).into())
                }
                error => error,
            }),
            Ok(sink) => Ok(Box::new(sink)),
        }
    }
}
