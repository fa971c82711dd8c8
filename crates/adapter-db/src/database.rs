//! A database that is open, with all that looks after it.

use std::sync::Arc;

use tokio::sync::watch;
use wts_app::HistoryRepository;

use crate::{
    DatabaseUrl, OpenError,
    metrics::DatabaseMetrics,
    monitor::{Background, Pulse},
    postgres,
    settings::ReadSettings,
    sqlite,
    url::Address,
};

/// What the database that is written to is called in the log and the metrics.
const PRIMARY: &str = "primary";

/// A database to read histories from, and what is known of it. Nobody looks after it any more when it is dropped.
pub struct Database {
    histories: Arc<dyn HistoryRepository>,
    readable: watch::Receiver<bool>,
    _background: Vec<Background>,
}

impl Database {
    /// Opens the database for reading and proves, with a real read, that histories can be read from it. Replicas need not
    /// be there: they are read from as soon as they are, and keep up.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if it is not there, cannot be reached or does not hold histories that this role may read, or if there
    /// are replicas of, or among them, what is no PostgreSQL.
    pub async fn open(
        url: &DatabaseUrl,
        settings: &ReadSettings,
        metrics: &DatabaseMetrics,
    ) -> Result<Self, OpenError> {
        let pulse = Pulse::new();
        let readable = pulse.readable();
        let node = metrics.of(PRIMARY);
        match url.address() {
            Address::Postgres(config) => {
                let primary = postgres::open(config, settings, &node, &pulse).await?;
                let (histories, background) = postgres::looked_after(
                    PRIMARY,
                    config,
                    Arc::new(primary),
                    settings,
                    metrics,
                    pulse,
                )?;
                Ok(Self {
                    histories,
                    readable,
                    _background: background,
                })
            }
            Address::Sqlite(_) if !settings.replicas.is_empty() => Err(OpenError::NoReplicas),
            Address::Sqlite(file) => {
                let histories = sqlite::open(file, settings, &node).await?;
                let background = sqlite::spawn_health_check(PRIMARY, file, settings, &node, pulse)?;
                Ok(Self {
                    histories: Arc::new(histories),
                    readable,
                    _background: vec![background],
                })
            }
        }
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
