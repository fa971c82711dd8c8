//! Loads batches of histories from SQLite.
//!
//! SQLite answers in microseconds and on the calling thread. A few threads that do nothing else, each with its own
//! connection and its prepared statement, serve about three times as many requests as a blocking pool.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use diesel::{
    OptionalExtension, QueryResult, RunQueryDsl, SqliteConnection, connection::DefaultLoadingMode,
};
use tokio::{sync::oneshot, time::timeout};
use tokio_util::task::AbortOnDropHandle;
use wts_domain::TicketId;

use super::{
    connection::{ensure_exists, unreadable},
    source::{ReopenError, ReopeningConnection},
    statements::{HistoryRow, history_of, rank_of},
};
use crate::{
    batching::{
        BatchLoader, BatchRequest, BatchResponse, BatchingRepository, LookupError, QueueLimits,
    },
    error::{Cause, OpenError},
    health::{DatabaseHealth, Probe, spawn_health_check},
    history::{HistoryBuilder, MAX_BATCHED_TRACES, RankRow, rank_from_row},
    metrics::OpenConnection,
    settings::ReadSettings,
    sql_types::IdValue,
};

/// How many tickets one batch contains at most.
const MAX_BATCH_TICKETS: usize = 16;
/// When a reader gives up a batch. SQLite itself waits for a lock about as long.
const BATCH_TIMEOUT: Duration = Duration::from_secs(1);

/// Opens an SQLite file for reading by the configured number of threads and one for long histories.
///
/// Reads a history first, which need not be there, to prove that histories can be read.
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
            ReadError::Query(cause) => unreadable(cause),
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

/// Checks the health of the file in the background, with a reader of its own.
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

/// Checks whether a file can be read.
struct SqliteProbe {
    reader: SqliteLoader,
    /// Whether ranks have to be readable, too.
    ranks: bool,
}

impl Probe for SqliteProbe {
    async fn probe(&self) -> Result<(), Cause> {
        self.reader.read(BatchRequest::probe(self.ranks)).await?;
        Ok(())
    }
}

/// Hands batch after batch to one reader thread.
pub(crate) struct SqliteLoader {
    jobs: SyncSender<Job>,
    answer_timeout: Duration,
    _counted: OpenConnection,
}

struct Job {
    request: BatchRequest,
    result: oneshot::Sender<ReadResult>,
}

type ReadResult = Result<BatchResponse, ReadError>;

impl SqliteLoader {
    /// Opens the file and starts a reader of histories of up to `max_traces` traces.
    fn open(
        file: &Path,
        max_traces: i64,
        answer_timeout: Duration,
        health: &DatabaseHealth,
    ) -> Result<Self, OpenError> {
        let connection =
            ReopeningConnection::open(file).map_err(|error| OpenError::NoAccess(error.into()))?;
        let (jobs, inbox) = sync_channel(1);
        thread::Builder::new()
            .name("sqlite-reader".to_owned())
            .spawn(move || {
                worker_loop(connection, &inbox, |connection, request| {
                    read(connection, request, max_traces)
                });
            })
            .map_err(OpenError::unreachable)?;
        Ok(Self {
            jobs,
            answer_timeout,
            _counted: health.metrics().connection(),
        })
    }

    async fn read(&self, request: BatchRequest) -> ReadResult {
        let (result, received) = oneshot::channel();
        self.jobs
            .try_send(Job { request, result })
            .map_err(|error| match error {
                TrySendError::Full(_) => ReadError::TooSlow,
                TrySendError::Disconnected(_) => ReadError::Gone,
            })?;
        match timeout(self.answer_timeout, received).await {
            Ok(Ok(result)) => result,
            Ok(Err(_dropped)) => Err(ReadError::Gone),
            Err(_elapsed) => Err(ReadError::TooSlow),
        }
    }
}

impl BatchLoader for SqliteLoader {
    async fn load(&self, request: &BatchRequest) -> Result<BatchResponse, Cause> {
        Ok(self.read(request.clone()).await?)
    }
}

/// Reads batches until no more can come. It outlives a panic, since no other thread would take its place.
fn worker_loop(
    mut reopening: ReopeningConnection,
    inbox: &Receiver<Job>,
    read: impl Fn(&mut SqliteConnection, &BatchRequest) -> ReadResult,
) {
    for job in inbox {
        // A batch that timed out needs no result.
        if !job.result.is_closed() {
            let result = catch_unwind(AssertUnwindSafe(|| {
                let connection = reopening.get().map_err(ReadError::Reopen)?;
                read(connection, &job.request)
            }))
            .unwrap_or_else(|_panic| {
                // The connection may be in any state.
                reopening.invalidate();
                Err(ReadError::Panicked)
            });
            let _ = job.result.send(result);
        }
    }
}

fn read(connection: &mut SqliteConnection, request: &BatchRequest, max_traces: i64) -> ReadResult {
    let begun = Instant::now();
    let mut response = BatchResponse::default();
    for ticket in &request.tickets {
        if begun.elapsed() >= BATCH_TIMEOUT && !response.histories.is_empty() {
            return Err(ReadError::TooSlow);
        }
        match read_history(connection, *ticket, max_traces).map_err(ReadError::Query) {
            Ok(history) => {
                let outcome = history.map(|history| history.finish(max_traces));
                response.histories.extend(outcome);
            }
            // One damaged page must not fail the other tickets of the batch.
            Err(error) if request.tickets.len() > 1 => {
                let outcome = Err(LookupError::failed(error));
                response.histories.insert(*ticket, outcome);
            }
            Err(error) => return Err(error),
        }
    }
    for student in &request.students {
        let row = rank_of(student.as_str()).first::<RankRow>(connection);
        let row = row.optional().map_err(ReadError::Query)?;
        response.ranks.extend(row.map(rank_from_row));
    }
    Ok(response)
}

/// Reads no more rows of a history than are needed to see that it has more than `max_traces` traces.
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

/// Why a batch was not read.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("no answer in time")]
    TooSlow,
    #[error("the reader is gone")]
    Gone,
    #[error("a bug made the reader panic")]
    Panicked,
    #[error(transparent)]
    Reopen(ReopenError),
    #[error("reading from tickets, ticket_traces, operators and students")]
    Query(#[source] diesel::result::Error),
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::sqlite::connection::{Mode, connect};

    #[tokio::test]
    async fn reader_thread_survives_a_panic() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("wts.db");
        drop(connect(&file, Mode::Create).unwrap());
        let connection = ReopeningConnection::open(&file).unwrap();
        let (jobs, inbox) = sync_channel(1);
        let reader = thread::spawn(move || {
            let read = Cell::new(0);
            worker_loop(connection, &inbox, |_, _| {
                read.set(read.get() + 1);
                assert!(read.get() != 1, "a bug");
                Ok(BatchResponse::default())
            });
        });
        let read = async || {
            let (result, received) = oneshot::channel();
            let request = BatchRequest::default();
            jobs.send(Job { request, result }).unwrap();
            received.await.unwrap()
        };

        assert!(matches!(read().await, Err(ReadError::Panicked)));
        assert!(read().await.is_ok());
        drop(jobs);
        reader.join().unwrap();
    }
}
