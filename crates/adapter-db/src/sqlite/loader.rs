//! Reads batches of histories from SQLite.
//!
//! SQLite runs a query on the calling thread in microseconds. A few dedicated threads, each with its own connection and
//! prepared statement, serve about three times as many requests as a blocking thread pool.

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

/// A loader that sends batches to one reader thread.
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
    /// Opens the file and starts a reader thread for histories of up to `max_traces` traces.
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

/// Reads batches until the loader is dropped. A panic does not end the loop, because no other thread would replace this
/// one.
fn worker_loop(
    mut reopening: ReopeningConnection,
    inbox: &Receiver<Job>,
    read: impl Fn(&mut SqliteConnection, &BatchRequest) -> ReadResult,
) {
    for job in inbox {
        // A batch that has already timed out is skipped.
        if !job.result.is_closed() {
            let result = catch_unwind(AssertUnwindSafe(|| {
                let connection = reopening.get().map_err(ReadError::Reopen)?;
                read(connection, &job.request)
            }))
            .unwrap_or_else(|_panic| {
                // The state of the connection is unknown after a panic.
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
        let row = row.optional().map_err(ReadError::Query)?;
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

/// The error of reading a batch.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("reading from SQLite timed out")]
    TooSlow,
    #[error("the SQLite reader thread has ended")]
    Gone,
    #[error("the SQLite reader thread panicked")]
    Panicked,
    #[error(transparent)]
    Reopen(ReopenError),
    #[error("cannot read from tickets, ticket_traces, operators and students")]
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
