//! The slot for the connections of a batch loader, a health check or the feed.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use diesel::result::Error::DatabaseError;

use super::{
    connection::{ConnectError, PoolerCheck, connect_within},
    reader::{ReadError, Reader},
};
use crate::{health::DatabaseHealth, settings::ReadSettings, url::PostgresConfig};

/// The retry window: a read that fails within this time is retried; a read that fails later is not.
pub(super) const RETRY_BEFORE: Duration = Duration::from_millis(500);

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
    /// Returns the timeouts for a shared batch.
    pub(super) fn shared(settings: &ReadSettings) -> Self {
        Self {
            connect: settings.connect_timeout,
            statement: settings.statement_timeout,
            lock: settings.statement_timeout,
            answer: settings.answer_timeout,
        }
    }

    /// Returns the timeouts for a long history.
    pub(super) fn long(settings: &ReadSettings) -> Self {
        Self {
            statement: settings.long_statement_timeout,
            ..Self::shared(settings)
        }
    }
}

/// A slot for connections to a database. A connection is opened for a read. After a successful read it stays open and
/// idle until the next read.
pub(super) struct ReaderSlot {
    config: PostgresConfig,
    timeouts: ReadTimeouts,
    health: DatabaseHealth,
    /// The maximum number of idle connections.
    capacity: usize,
    idle: Mutex<Vec<Reader>>,
}

impl ReaderSlot {
    /// Creates a slot for at most one idle connection.
    pub(super) fn new(
        config: &PostgresConfig,
        timeouts: ReadTimeouts,
        health: &DatabaseHealth,
    ) -> Self {
        Self {
            config: config.clone(),
            timeouts,
            health: health.clone(),
            capacity: 1,
            idle: Mutex::default(),
        }
    }

    /// Sets the maximum number of idle connections.
    pub(super) fn with_capacity(self, capacity: usize) -> Self {
        Self { capacity, ..self }
    }

    /// Returns the health of the database.
    pub(super) fn health(&self) -> &DatabaseHealth {
        &self.health
    }

    /// Removes and returns the idle connection that was used last.
    pub(super) fn take(&self) -> Option<Reader> {
        self.idle().pop()
    }

    /// Stores an idle connection for the next read.
    pub(super) fn keep(&self, reader: Reader) {
        let mut idle = self.idle();
        idle.truncate(self.capacity.saturating_sub(1));
        idle.push(reader);
    }

    /// Closes the idle connections.
    pub(super) fn clear(&self) {
        self.idle().clear();
    }

    /// Reads over one connection, which is kept only if the read succeeds and is not cancelled.
    ///
    /// If an idle connection fails quickly, the read is repeated over a new connection: the idle connection may have been
    /// closed unnoticed, or its prepared statement may no longer match the tables. If the database recovers while the read
    /// hangs, the connection is probably lost, so the read is repeated too.
    pub(super) async fn read<T, F>(&self, read: impl Fn(Reader) -> F) -> Result<T, ReadError>
    where
        F: Future<Output = Result<(Reader, T), ReadError>>,
    {
        tokio::select! {
            outcome = self.attempt(&read) => outcome,
            () = self.health.recovered() => self.attempt(&read).await,
        }
    }

    async fn attempt<T, F>(&self, read: impl Fn(Reader) -> F) -> Result<T, ReadError>
    where
        F: Future<Output = Result<(Reader, T), ReadError>>,
    {
        let begun = Instant::now();
        let mut check = PoolerCheck::UnlessSessionMode;
        if let Some(reader) = self.take() {
            check = PoolerCheck::Always;
            match read(reader).await {
                Err(
                    ReadError::Query(DatabaseError(_, cause))
                    | ReadError::Pooler(DatabaseError(_, cause)),
                ) if begun.elapsed() < RETRY_BEFORE => {
                    tracing::warn!(
                        cause = cause.message(),
                        "database read failed on an idle connection, retrying on a new connection"
                    );
                }
                outcome => return outcome.map(|read| self.complete(read)),
            }
        }
        let outcome = read(self.connect(check).await?).await;
        outcome.map(|read| self.complete(read))
    }

    /// Keeps the connection of a read that is complete.
    fn complete<T>(&self, (reader, result): (Reader, T)) -> T {
        self.health.record_success();
        self.keep(reader);
        result
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a connection with timeouts on the server. If only the client stopped waiting, the server would continue to
    /// run the statement.
    pub(super) async fn connect(&self, check: PoolerCheck) -> Result<Reader, ConnectError> {
        let settings = [
            (
                "statement_timeout",
                self.timeouts.statement.as_millis().to_string(),
            ),
            ("lock_timeout", self.timeouts.lock.as_millis().to_string()),
            ("default_transaction_read_only", "on".to_owned()),
            // Planning the statement for each batch would take longer than running it.
            ("plan_cache_mode", "force_generic_plan".to_owned()),
        ];
        let connecting = connect_within(&self.config, self.timeouts.connect, &settings, check);
        let connection = connecting.await.inspect_err(|error| {
            if matches!(error, ConnectError::Pooler) {
                self.health.require_new_connection();
            }
        })?;
        let counted = self.health.metrics().connection();
        Ok(Reader::new(connection, self.timeouts.answer, counted))
    }
}
