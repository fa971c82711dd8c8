//! Loads batches of histories from PostgreSQL.

use std::time::{Duration, Instant};

use diesel::result::Error::DatabaseError;

use super::{
    reader::{ReadError, Reader},
    reader_slot::{ReadTimeouts, ReaderSlot},
};
use crate::{
    batching::{
        BatchLoader, BatchRequest, BatchResponse, BatchingRepository, LookupError, QueueLimits,
    },
    error::{Cause, OpenError},
    health::DatabaseHealth,
    history::MAX_BATCHED_TRACES,
    settings::ReadSettings,
    url::PostgresConfig,
};

/// How many tickets one statement reads at most.
const MAX_BATCH_TICKETS: usize = 64;
/// A statement that failed later than this after it was sent is not retried.
const RETRY_BEFORE: Duration = Duration::from_millis(500);

/// Opens a PostgreSQL database for reading over the configured number of connections and one for long histories, each
/// opened when it is needed.
///
/// Reads a history first, which need not be there, to prove that histories can be read.
pub(super) async fn open(
    config: &PostgresConfig,
    settings: &ReadSettings,
    health: &DatabaseHealth,
) -> Result<BatchingRepository<PostgresLoader>, OpenError> {
    let slot = ReaderSlot::new(config, ReadTimeouts::shared(settings), health);
    let probed = slot.connect().await?.probe(false).await;
    probed.map_err(|error| OpenError::Unreadable(error.into()))?;
    Ok(open_lazily(config, settings, health))
}

/// Opens a database that need not be there yet: without the proof.
pub(super) fn open_lazily(
    config: &PostgresConfig,
    settings: &ReadSettings,
    health: &DatabaseHealth,
) -> BatchingRepository<PostgresLoader> {
    let loader = |max_traces, timeouts| PostgresLoader {
        slot: ReaderSlot::new(config, timeouts, health),
        max_traces,
    };
    BatchingRepository::new(
        (0..settings.connections())
            .map(|_| loader(MAX_BATCHED_TRACES, ReadTimeouts::shared(settings))),
        QueueLimits::shared(settings, MAX_BATCH_TICKETS, settings.statement_timeout),
        loader(i64::MAX, ReadTimeouts::long(settings)),
        QueueLimits::long(settings),
        health,
    )
}

/// Reads batch after batch over one connection, which lives on the runtime that needed it first.
pub(super) struct PostgresLoader {
    slot: ReaderSlot,
    /// The most traces that a history may have.
    max_traces: i64,
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
    async fn load_batch(&self, request: &BatchRequest) -> Result<BatchResponse, ReadError> {
        tokio::select! {
            outcome = self.read(request) => outcome,
            // A read that hangs while the database answers others again would hang on, on a connection that is lost.
            () = self.slot.health().recovered() => self.read(request).await,
        }
    }

    /// Reads each ticket by itself, so that one which cannot be read does not fail the others.
    async fn load_individually(&self, request: &BatchRequest) -> Result<BatchResponse, ReadError> {
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

    /// Reads a batch. If a connection that was used before fails at once, because it died unnoticed or has prepared a
    /// statement for tables that are different now, the batch is read once more over a new connection.
    async fn read(&self, request: &BatchRequest) -> Result<BatchResponse, ReadError> {
        let begun = Instant::now();
        if let Some(reader) = self.slot.take() {
            match self.read_with(reader, request).await {
                Err(ReadError::Query(DatabaseError(_, cause)))
                    if begun.elapsed() < RETRY_BEFORE =>
                {
                    tracing::warn!(cause = cause.message(), "asking the database once more");
                }
                outcome => return outcome,
            }
        }
        self.read_with(self.slot.connect().await?, request).await
    }

    /// Reads a batch over one connection. One that did not answer, or whose caller went away, is not used again.
    async fn read_with(
        &self,
        mut reader: Reader,
        request: &BatchRequest,
    ) -> Result<BatchResponse, ReadError> {
        let on_rows = || self.slot.health().record_activity();
        let response = reader.read(request, self.max_traces, on_rows).await?;
        self.slot.health().record_success();
        self.slot.keep(reader);
        Ok(response)
    }
}
