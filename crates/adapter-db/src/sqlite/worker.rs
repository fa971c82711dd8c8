//! A thread that reads from an SQLite file.
//!
//! SQLite runs a query on the calling thread in microseconds. A few dedicated threads, each with its own connection and
//! prepared statements, serve about three times as many requests as a blocking thread pool.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::Duration,
};

use diesel::SqliteConnection;
use tokio::{sync::oneshot, time::timeout};

use super::diagnosis::is_damage;
use super::source::{ReopenError, ReopeningConnection};
use crate::{
    error::OpenError, health::DatabaseHealth, metrics::OpenConnection, rows::InvalidColumn,
};

/// A thread with a connection. It runs one read after the other.
pub(super) struct SqliteWorker {
    jobs: SyncSender<Job>,
    answer_timeout: Duration,
    _counted: OpenConnection,
}

/// A read. The closure sends its result to the caller.
type Job = Box<dyn FnOnce(Result<&mut SqliteConnection, ReopenError>) + Send>;

impl SqliteWorker {
    /// Opens the file and starts the thread.
    pub(super) fn start(
        file: &Path,
        answer_timeout: Duration,
        health: &DatabaseHealth,
    ) -> Result<Self, OpenError> {
        let connection =
            ReopeningConnection::open(file).map_err(|error| OpenError::NoAccess(error.into()))?;
        let (jobs, inbox) = sync_channel(1);
        thread::Builder::new()
            .name("sqlite-reader".to_owned())
            .spawn(move || worker_loop(connection, &inbox))
            .map_err(OpenError::unreachable)?;
        Ok(Self {
            jobs,
            answer_timeout,
            _counted: health.metrics().connection(),
        })
    }

    /// Runs a read on the thread.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut SqliteConnection) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (result, received) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // A read that has already timed out is skipped.
            if !result.is_closed() {
                let outcome = connection.map_err(ReadError::Reopen).and_then(read);
                let _ = result.send(outcome);
            }
        });
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => ReadError::TooSlow,
            TrySendError::Disconnected(_) => ReadError::Gone,
        })?;
        match timeout(self.answer_timeout, received).await {
            Ok(Ok(result)) => result,
            Ok(Err(_dropped)) => Err(ReadError::Panicked),
            Err(_elapsed) => Err(ReadError::TooSlow),
        }
    }
}

/// Runs reads until the worker is dropped. A panic does not end the loop, because no other thread would replace this one.
fn worker_loop(mut reopening: ReopeningConnection, inbox: &Receiver<Job>) {
    for job in inbox {
        if catch_unwind(AssertUnwindSafe(|| job(reopening.get()))).is_err() {
            // The state of the connection is unknown after a panic.
            reopening.invalidate();
        }
    }
}

/// The reason why a read failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
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
    #[error("the SQLite file is damaged: restore a backup")]
    Damaged(#[source] diesel::result::Error),
    #[error(transparent)]
    Invalid(#[from] InvalidColumn),
}

impl From<diesel::result::Error> for ReadError {
    fn from(error: diesel::result::Error) -> Self {
        if is_damage(&error.to_string()) {
            Self::Damaged(error)
        } else {
            Self::Query(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        metrics::DatabaseMetrics,
        sqlite::connection::{Mode, connect},
    };

    #[tokio::test]
    async fn reader_thread_survives_a_panic() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("wts.db");
        drop(connect(&file, Mode::Create).unwrap());
        let health = DatabaseHealth::new("test", &DatabaseMetrics::default());
        let worker = SqliteWorker::start(&file, Duration::from_secs(5), &health).unwrap();

        let panicked = worker.run(|_| -> Result<(), _> { panic!("a bug") }).await;

        assert!(matches!(panicked, Err(ReadError::Panicked)));
        assert!(worker.run(|_| Ok(())).await.is_ok());
    }
}
