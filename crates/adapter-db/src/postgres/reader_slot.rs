//! The one connection that a reader of batches or a health check keeps.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    connection::{ConnectError, connect_within},
    reader::Reader,
};
use crate::{health::DatabaseHealth, settings::ReadSettings, url::PostgresConfig};

/// How long each step of a read may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadTimeouts {
    connect: Duration,
    statement: Duration,
    /// How long a statement may wait for a lock. Less than `answer`, so that no statement is left waiting for one.
    lock: Duration,
    answer: Duration,
}

impl ReadTimeouts {
    /// The timeouts of a shared batch.
    pub(super) fn shared(settings: &ReadSettings) -> Self {
        Self {
            connect: settings.connect_timeout,
            statement: settings.statement_timeout,
            lock: settings.statement_timeout,
            answer: settings.answer_timeout,
        }
    }

    /// The timeouts of a long history.
    pub(super) fn long(settings: &ReadSettings) -> Self {
        Self {
            statement: settings.long_statement_timeout,
            ..Self::shared(settings)
        }
    }
}

/// One connection to a database, opened when it is needed, and kept for the next read while it works.
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

    /// The database that it connects to.
    pub(super) fn health(&self) -> &DatabaseHealth {
        &self.health
    }

    /// Takes the connection that was kept.
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

    /// Connects. The server ends by itself what takes too long: a client that merely stops waiting would leave it at work,
    /// on a connection that no longer counts.
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
