//! Reads batches of histories from PostgreSQL.

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

/// The maximum number of tickets that one statement reads.
const MAX_BATCH_TICKETS: usize = 64;
/// A statement that fails within this time is retried; a statement that fails later is not.
const RETRY_BEFORE: Duration = Duration::from_millis(500);

/// Opens a PostgreSQL database for reading, with the configured number of connections and one for long histories. Each
/// connection is opened when it is first needed.
///
/// First reads a history, which need not exist, to verify that histories can be read.
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

/// Opens a database without connecting, so the database need not be reachable yet.
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

/// A loader that reads batches over one connection. The connection belongs to the runtime on which it was first needed.
pub(super) struct PostgresLoader {
    slot: ReaderSlot,
    /// The maximum number of traces of a history.
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
            // If the database recovers while this read hangs, the connection is probably lost, so the batch is read
            // again.
            () = self.slot.health().recovered() => self.read(request).await,
        }
    }

    /// Reads each ticket with a separate statement, so that an unreadable history does not fail the other tickets.
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

    /// Reads a batch. If a kept connection fails quickly, the batch is read again over a new connection: the kept
    /// connection may have been closed unnoticed, or its prepared statement may no longer match the tables.
    async fn read(&self, request: &BatchRequest) -> Result<BatchResponse, ReadError> {
        let begun = Instant::now();
        if let Some(reader) = self.slot.take() {
            match self.read_with(reader, request).await {
                Err(ReadError::Query(DatabaseError(_, cause)))
                    if begun.elapsed() < RETRY_BEFORE =>
                {
                    tracing::warn!(
                        cause = cause.message(),
                        "database read failed on a kept connection, retrying on a new connection"
                    );
                }
                outcome => return outcome,
            }
        }
        self.read_with(self.slot.connect().await?, request).await
    }

    /// Reads a batch over one connection. The connection is kept only if the read succeeds and is not cancelled.
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
