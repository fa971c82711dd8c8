//! Reads batches of histories from SQLite.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use diesel::{
    OptionalExtension, QueryResult, RunQueryDsl, SqliteConnection, connection::DefaultLoadingMode,
};
use tokio_util::task::AbortOnDropHandle;
use wts_domain::TicketId;

use super::{
    connection::{ensure_exists, unreadable},
    statements::{HistoryRow, history_of, rank_of},
    worker::{ReadError, SqliteWorker},
};
use crate::{
    batching::{
        BatchLoader, BatchRequest, BatchResponse, BatchingRepository, LookupError, QueueLimits,
    },
    error::{Cause, OpenError},
    health::{DatabaseHealth, Probe, spawn_health_check},
    history::{HistoryBuilder, MAX_BATCHED_TRACES, RankRow, rank_from_row},
    settings::ReadSettings,
    sql_types::IdValue,
};

/// The maximum number of tickets in a batch.
const MAX_BATCH_TICKETS: usize = 16;
/// The timeout of a batch on the reader thread. SQLite's own timeout for a lock is equally long.
const BATCH_TIMEOUT: Duration = Duration::from_secs(1);

/// Opens a SQLite file for reading, with the configured number of threads and one for long histories.
///
/// First reads a history, which need not exist, to verify that histories can be read.
pub(super) async fn open(
    file: &Path,
    settings: &ReadSettings,
    health: &DatabaseHealth,
) -> Result<BatchingRepository<SqliteLoader>, OpenError> {
    ensure_exists(file)?;
    let loaders = (0..settings.connections())
        .map(|_| SqliteLoader::open(file, MAX_BATCHED_TRACES, settings.answer_timeout, health))
        .collect::<Result<Vec<_>, _>>()?;
    let long = SqliteLoader::open(file, i64::MAX, settings.long_statement_timeout, health)?;
    long.read(BatchRequest::probe(false))
        .await
        .map_err(|error| match error {
            ReadError::Query(cause) | ReadError::Damaged(cause) => unreadable(cause),
            error => OpenError::unreachable(error),
        })?;
    Ok(BatchingRepository::new(
        loaders,
        QueueLimits::shared(settings, MAX_BATCH_TICKETS, BATCH_TIMEOUT),
        long,
        QueueLimits::long(settings),
        health,
    ))
}

/// Starts the background health check of a SQLite file, with a separate reader thread.
pub(super) fn check_health(
    file: &Path,
    settings: &ReadSettings,
    health: DatabaseHealth,
) -> Result<AbortOnDropHandle<()>, OpenError> {
    let probe = SqliteProbe {
        reader: SqliteLoader::open(file, MAX_BATCHED_TRACES, settings.answer_timeout, &health)?,
        ranks: settings.ranks,
    };
    Ok(spawn_health_check(probe, health, settings.probe_interval))
}

/// A probe that checks whether histories can be read from a file.
struct SqliteProbe {
    reader: SqliteLoader,
    /// Whether the probe also reads a rank.
    ranks: bool,
}

impl Probe for SqliteProbe {
    async fn probe(&self) -> Result<(), Cause> {
        self.reader.read(BatchRequest::probe(self.ranks)).await?;
        Ok(())
    }
}

/// A loader that sends batches to one reader thread, which reads histories of up to `max_traces` traces.
pub(crate) struct SqliteLoader {
    worker: SqliteWorker,
    max_traces: i64,
}

impl SqliteLoader {
    /// Opens the file and starts a reader thread.
    fn open(
        file: &Path,
        max_traces: i64,
        answer_timeout: Duration,
        health: &DatabaseHealth,
    ) -> Result<Self, OpenError> {
        Ok(Self {
            worker: SqliteWorker::start(file, answer_timeout, health)?,
            max_traces,
        })
    }

    async fn read(&self, request: BatchRequest) -> Result<BatchResponse, ReadError> {
        let max_traces = self.max_traces;
        self.worker
            .run(move |connection| read(connection, &request, max_traces))
            .await
    }
}

impl BatchLoader for SqliteLoader {
    async fn load(&self, request: &BatchRequest) -> Result<BatchResponse, Cause> {
        Ok(self.read(request.clone()).await?)
    }
}

/// Reads a batch of histories of up to `max_traces` traces.
pub(super) fn read(
    connection: &mut SqliteConnection,
    request: &BatchRequest,
    max_traces: i64,
) -> Result<BatchResponse, ReadError> {
    let begun = Instant::now();
    let mut response = BatchResponse::default();
    for ticket in &request.tickets {
        if begun.elapsed() >= BATCH_TIMEOUT && !response.histories.is_empty() {
            return Err(ReadError::TooSlow);
        }
        match read_history(connection, *ticket, max_traces).map_err(ReadError::from) {
            Ok(history) => {
                let outcome = history.map(|history| history.finish(max_traces));
                response.histories.extend(outcome);
            }
            // A damaged database page must not fail the other tickets of the batch.
            Err(error) if request.tickets.len() > 1 => {
                let outcome = Err(LookupError::failed(error));
                response.histories.insert(*ticket, outcome);
            }
            Err(error) => return Err(error),
        }
    }
    for student in &request.students {
        let row = rank_of(student.as_str()).first::<RankRow>(connection);
        let row = row.optional().map_err(ReadError::from)?;
        response.ranks.extend(row.map(rank_from_row));
    }
    Ok(response)
}

/// Reads a history. If it has more than `max_traces` traces, reading stops after one trace more than the maximum.
fn read_history(
    connection: &mut SqliteConnection,
    ticket: TicketId,
    max_traces: i64,
) -> QueryResult<Option<HistoryBuilder>> {
    let mut history = None;
    let rows = history_of(IdValue(ticket.get()))
        .load_iter::<HistoryRow, DefaultLoadingMode>(connection)?;
    for (row, read) in rows.zip(0..) {
        let (issuer, trace, op_name) = row?;
        let history = history.get_or_insert_with(|| HistoryBuilder::new(ticket, issuer));
        if let Some(trace) = trace {
            history.push(trace, op_name.unwrap_or_default());
        }
        if read >= max_traces {
            break;
        }
    }
    Ok(history)
}
