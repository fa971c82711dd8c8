//! Reads batches of histories from PostgreSQL.

use std::time::Instant;

use super::{
    connection::PoolerCheck,
    reader::ReadError,
    reader_slot::{RETRY_BEFORE, ReadTimeouts, ReaderSlot},
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
    let mut reader = slot.connect(PoolerCheck::UnlessSessionMode).await?;
    reader.probe(false).await?;
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
        let on_rows = || self.slot.health().record_activity();
        self.slot
            .read(async |mut reader| {
                let response = reader.read(request, self.max_traces, on_rows).await?;
                Ok((reader, response))
            })
            .await
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
}
