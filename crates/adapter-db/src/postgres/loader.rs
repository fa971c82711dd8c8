//! Loads batches of histories from PostgreSQL.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use diesel::result::{DatabaseErrorKind, Error::DatabaseError};

use super::{
    connection::ConnectError,
    reader::{QueryParams, ReadError, ReadTimeouts, Reader},
};
use crate::{
    batching::{
        BatchLoader, BatchRequest, BatchResponse, BatchingRepository, LookupError, QueueLimits,
    },
    error::{Cause, OpenError},
    health::DatabaseHealth,
    history::MAX_BATCHED_TRACES,
    metrics::NodeMetrics,
    settings::ReadSettings,
    url::PostgresConfig,
};

/// How many tickets one statement reads at most.
const MAX_BATCH_TICKETS: usize = 64;
/// A statement that failed later than this after it was sent is not retried.
const RETRY_BEFORE: Duration = Duration::from_millis(500);

/// Opens a PostgreSQL database for reading over as many connections as `settings` say and one for long histories, each
/// made when it is needed.
///
/// Reads a history that cannot be there first, to prove that histories can be read.
pub(crate) async fn open(
    config: &PostgresConfig,
    settings: &ReadSettings,
    metrics: &NodeMetrics,
    health: &DatabaseHealth,
) -> Result<BatchingRepository<PostgresLoader>, OpenError> {
    let mut reader = Reader::connect(config, timeouts(settings), metrics)
        .await
        .map_err(OpenError::from)?;
    reader
        .probe()
        .await
        .map_err(|error| OpenError::Unreadable(error.into()))?;
    Ok(open_lazily(config, settings, metrics, health))
}

/// Opens a database that need not be there yet: without the proof.
pub(super) fn open_lazily(
    config: &PostgresConfig,
    settings: &ReadSettings,
    metrics: &NodeMetrics,
    health: &DatabaseHealth,
) -> BatchingRepository<PostgresLoader> {
    let loader = |max_traces, timeouts| PostgresLoader {
        config: config.clone(),
        max_traces,
        timeouts,
        metrics: metrics.clone(),
        health: health.clone(),
        idle: Mutex::new(None),
    };
    let timeouts = timeouts(settings);
    let long_timeouts = ReadTimeouts {
        statement: settings.long_statement_timeout,
        ..timeouts
    };
    BatchingRepository::new(
        (0..settings.connections()).map(|_| loader(MAX_BATCHED_TRACES, timeouts)),
        QueueLimits::shared(settings, MAX_BATCH_TICKETS, settings.statement_timeout),
        loader(i64::MAX, long_timeouts),
        QueueLimits::long(settings),
        metrics,
    )
}

/// The timeouts of a shared batch.
pub(super) fn timeouts(settings: &ReadSettings) -> ReadTimeouts {
    ReadTimeouts {
        connect: settings.connect_timeout,
        statement: settings.statement_timeout,
        lock: settings.statement_timeout,
        answer: settings.answer_timeout,
    }
}

/// Reads batch after batch over one connection, which is made when it is needed and lives on the runtime that needed it.
pub(crate) struct PostgresLoader {
    config: PostgresConfig,
    /// The most traces that a history may have.
    max_traces: i64,
    timeouts: ReadTimeouts,
    metrics: NodeMetrics,
    health: DatabaseHealth,
    idle: Mutex<Option<Reader>>,
}

impl PostgresLoader {
    /// Reads a batch. If a connection that was used before fails at once, because it died unnoticed or has prepared a
    /// statement for tables that are different now, the batch is read once more over a new connection.
    async fn read(&self, params: &QueryParams<'_>) -> Result<BatchResponse, BatchError> {
        let begun = Instant::now();
        let idle = self.idle().take();
        if let Some(reader) = idle {
            match self.read_with(reader, params).await {
                Err(ReadError::Query(DatabaseError(_, cause)))
                    if begun.elapsed() < RETRY_BEFORE =>
                {
                    tracing::warn!(cause = cause.message(), "asking the database once more");
                }
                outcome => return Ok(outcome?),
            }
        }
        let reader = Reader::connect(&self.config, self.timeouts, &self.metrics).await?;
        Ok(self.read_with(reader, params).await?)
    }

    /// Reads a batch over one connection. One that did not answer, or whose caller went away, is not used again.
    async fn read_with(
        &self,
        mut reader: Reader,
        params: &QueryParams<'_>,
    ) -> Result<BatchResponse, ReadError> {
        let on_rows = || self.health.record_activity();
        let response = reader.read(params, self.max_traces, on_rows).await?;
        self.health.record_success();
        *self.idle() = Some(reader);
        Ok(response)
    }

    fn idle(&self) -> MutexGuard<'_, Option<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BatchLoader for PostgresLoader {
    async fn load(&self, request: &BatchRequest) -> Result<BatchResponse, Cause> {
        let begun = Instant::now();
        match self.load_batch(request).await {
            Err(error)
                if request.tickets.len() > 1
                    && error.is_per_ticket()
                    && begun.elapsed() < RETRY_BEFORE =>
            {
                Ok(self.load_individually(request).await?)
            }
            outcome => Ok(outcome?),
        }
    }
}

impl PostgresLoader {
    async fn load_batch(&self, request: &BatchRequest) -> Result<BatchResponse, BatchError> {
        let params = QueryParams::from(request);
        tokio::select! {
            outcome = self.read(&params) => outcome,
            // A read that hangs while the database answers others again would hang on, on a connection that is lost.
            () = self.health.recovered() => self.read(&params).await,
        }
    }

    /// Reads each ticket by itself, so that one which cannot be read does not fail the others.
    async fn load_individually(&self, request: &BatchRequest) -> Result<BatchResponse, BatchError> {
        let mut all = BatchResponse::default();
        for ticket in &request.tickets {
            let one = BatchRequest {
                tickets: vec![*ticket],
                students: request.students.clone(),
            };
            match self.load_batch(&one).await {
                Ok(response) => {
                    all.histories.extend(response.histories);
                    all.ranks = response.ranks;
                }
                Err(error) if error.is_per_ticket() => {
                    all.histories
                        .insert(*ticket, Err(LookupError::failed(error)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }
}

/// Why a batch was not read.
#[derive(Debug, thiserror::Error)]
enum BatchError {
    #[error("no connection")]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl BatchError {
    /// Whether the rows of one ticket may be the cause, and not the connection or the server.
    fn is_per_ticket(&self) -> bool {
        match self {
            Self::Read(ReadError::Query(DatabaseError(kind, _))) => {
                !matches!(kind, DatabaseErrorKind::ClosedConnection)
            }
            Self::Read(ReadError::Query(cause)) => {
                matches!(cause, diesel::result::Error::DeserializationError(_))
            }
            Self::Read(ReadError::Timeout(_)) | Self::Connect(_) => false,
        }
    }
}
