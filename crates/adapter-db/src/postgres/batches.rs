//! Batches of histories out of PostgreSQL.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use diesel::result::Error::DatabaseError;

use super::{
    Server,
    connection::ConnectError,
    reader::{Question, ReadError, Reader},
};
use crate::{
    coalesced::{Asked, Bounds, Coalesced, Loader, Read},
    error::{Cause, OpenError},
    history::LONGEST_IN_COMPANY,
};

/// What PostgreSQL is asked in one statement, and how long a statement of so much may take there.
const BOUNDS: Bounds = Bounds {
    batch: 64,
    queue: 1_024,
    patience: Duration::from_millis(500),
    overdue: Duration::from_millis(500),
    in_use: None,
};
const BATCH_LIMIT: Duration = Duration::from_millis(1_500);
const LONG_LIMIT: Duration = Duration::from_secs(10);
/// What failed later than this is not asked again.
const RETRY_BEFORE: Duration = Duration::from_millis(500);

/// Histories out of PostgreSQL, over so many connections and one for long histories.
///
/// Before that, reads a history that cannot be there, to prove that it can.
pub(crate) async fn histories(
    server: &Server,
    lanes: usize,
) -> Result<Coalesced<Batches>, OpenError> {
    let mut reader = Reader::connect(server, BATCH_LIMIT)
        .await
        .map_err(|error| OpenError::Unreachable(error.into()))?;
    reader
        .probe()
        .await
        .map_err(|error| OpenError::Unreadable(error.into()))?;
    Ok(Coalesced::new(
        (0..lanes).map(|_| Batches::new(server, LONGEST_IN_COMPANY, BATCH_LIMIT)),
        BOUNDS,
        Batches::new(server, i64::MAX, LONG_LIMIT),
    ))
}

/// Reads batch after batch over one connection, which is made when it is needed and lives on the runtime that needed it.
pub(crate) struct Batches {
    server: Server,
    /// The most traces that a history may have.
    most: i64,
    /// How long one statement may take.
    limit: Duration,
    idle: Mutex<Option<Reader>>,
}

impl Batches {
    fn new(server: &Server, most: i64, limit: Duration) -> Self {
        Self {
            server: server.clone(),
            most,
            limit,
            idle: Mutex::new(None),
        }
    }

    /// Reading changes nothing, so that where a connection that was used before is refused at once, because it died
    /// unnoticed or has prepared a statement for tables that are different now, a new one is asked.
    async fn read(&self, asked: &Question<'_>) -> Result<Read, BatchError> {
        let begun = Instant::now();
        let idle = self.idle().take();
        if let Some(reader) = idle {
            match self.read_through(reader, asked).await {
                Err(ReadError::Query(DatabaseError(_, cause)))
                    if begun.elapsed() < RETRY_BEFORE =>
                {
                    tracing::warn!(cause = cause.message(), "asking the database once more");
                }
                outcome => return Ok(outcome?),
            }
        }
        let reader = Reader::connect(&self.server, self.limit).await?;
        Ok(self.read_through(reader, asked).await?)
    }

    /// A connection that has not answered may be dead or busy: it is not used again. Nor is one whose reader went away.
    async fn read_through(
        &self,
        mut reader: Reader,
        asked: &Question<'_>,
    ) -> Result<Read, ReadError> {
        let read = reader.read(asked, self.most).await?;
        *self.idle() = Some(reader);
        Ok(read)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Option<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loader for Batches {
    async fn load(&self, asked: &Asked) -> Result<Read, Cause> {
        Ok(self.read(&Question::from(asked)).await?)
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
