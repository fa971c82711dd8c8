//! The slot for the connection of a batch loader or a health check.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    connection::{ConnectError, connect_within},
    reader::Reader,
};
use crate::{health::DatabaseHealth, settings::ReadSettings, url::PostgresConfig};

/// The timeouts of the steps of a read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadTimeouts {
    connect: Duration,
    statement: Duration,
    /// The timeout for waiting for a lock. It is shorter than `answer`, so that the server cancels a waiting statement
    /// before the client stops waiting.
    lock: Duration,
    answer: Duration,
}

impl ReadTimeouts {
    /// Returns the timeouts of a shared batch.
    pub(super) fn shared(settings: &ReadSettings) -> Self {
        Self {
            connect: settings.connect_timeout,
            statement: settings.statement_timeout,
            lock: settings.statement_timeout,
            answer: settings.answer_timeout,
        }
    }

    /// Returns the timeouts of a long history.
    pub(super) fn long(settings: &ReadSettings) -> Self {
        Self {
            statement: settings.long_statement_timeout,
            ..Self::shared(settings)
        }
    }
}

/// A slot for one connection to a database. The connection is opened for the first read and kept for later reads while
/// it works.
pub(super) struct ReaderSlot {
    config: PostgresConfig,
    timeouts: ReadTimeouts,
    health: DatabaseHealth,
    idle: Mutex<Option<Reader>>,
}

impl ReaderSlot {
    pub(super) fn new(
        config: &PostgresConfig,
        timeouts: ReadTimeouts,
        health: &DatabaseHealth,
    ) -> Self {
        Self {
            config: config.clone(),
            timeouts,
            health: health.clone(),
            idle: Mutex::default(),
        }
    }

    /// Returns the health of the database.
    pub(super) fn health(&self) -> &DatabaseHealth {
        &self.health
    }

    /// Removes and returns the kept connection.
    pub(super) fn take(&self) -> Option<Reader> {
        self.idle().take()
    }

    /// Keeps a connection for the next read.
    pub(super) fn keep(&self, reader: Reader) {
        *self.idle() = Some(reader);
    }

    fn idle(&self) -> MutexGuard<'_, Option<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a connection with timeouts on the server. If only the client stopped waiting, the server would continue to
    /// run the statement.
    pub(super) async fn connect(&self) -> Result<Reader, ConnectError> {
        let setup = format!(
            "set statement_timeout = {}; \
             set lock_timeout = {}; \
             set default_transaction_read_only = on; \
             set plan_cache_mode = force_generic_plan", // planning takes longer than reading
            self.timeouts.statement.as_millis(),
            self.timeouts.lock.as_millis(),
        );
        let connection = connect_within(&self.config, self.timeouts.connect, &setup).await?;
        let counted = self.health.metrics().connection();
        Ok(Reader::new(connection, self.timeouts.answer, counted))
    }
}
