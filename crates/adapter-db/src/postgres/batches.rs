//! Batches of histories out of PostgreSQL.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use diesel::result::{DatabaseErrorKind, Error::DatabaseError};

use super::{
    Server,
    connection::ConnectError,
    reader::{Limits, Question, ReadError, Reader},
};
use crate::{
    coalesced::{Asked, Bounds, Coalesced, Loaded, Loader, Read},
    error::{Cause, OpenError},
    history::{LONGEST_IN_COMPANY, TRACES_IN_USE},
    measured::Measured,
    metrics::NodeMetrics,
    monitor::Pulse,
    settings::ReadSettings,
};

/// How many tickets one statement is about.
const BATCH: usize = 64;
/// What failed later than this is not asked again.
const RETRY_BEFORE: Duration = Duration::from_millis(500);

/// Histories out of PostgreSQL, over as many connections as `settings` say and one for long histories, each made when it
/// is needed.
///
/// Before that, reads a history that cannot be there, to prove that it can.
pub(crate) async fn histories(
    server: &Server,
    settings: &ReadSettings,
    metrics: &NodeMetrics,
    pulse: &Pulse,
) -> Result<Coalesced<Measured<Batches>>, OpenError> {
    let mut reader = Reader::connect(server, limits(settings), metrics)
        .await
        .map_err(|error| OpenError::Unreachable(error.into()))?;
    reader
        .probe()
        .await
        .map_err(|error| OpenError::Unreadable(error.into()))?;
    Ok(unproven_histories(server, settings, metrics, pulse))
}

/// The same without the proof, of a database that need not be there yet.
pub(super) fn unproven_histories(
    server: &Server,
    settings: &ReadSettings,
    metrics: &NodeMetrics,
    pulse: &Pulse,
) -> Coalesced<Measured<Batches>> {
    let batches = |most, limits| {
        let batches = Batches {
            server: server.clone(),
            most,
            limits,
            metrics: metrics.clone(),
            pulse: pulse.clone(),
            idle: Mutex::new(None),
        };
        Measured::new(batches, metrics.clone())
    };
    let bounds = Bounds {
        batch: BATCH,
        queue: settings.queue.get(),
        patience: settings.queue_timeout,
        overdue: settings.statement_timeout,
        in_use: None,
    };
    let long_bounds = Bounds {
        batch: 1,
        patience: settings.long_queue_timeout(),
        overdue: settings.long_statement_timeout,
        in_use: Some(TRACES_IN_USE),
        ..bounds
    };
    let in_company = limits(settings);
    let long = Limits {
        statement: settings.long_statement_timeout,
        ..in_company
    };
    Coalesced::new(
        (0..settings.lanes()).map(|_| batches(LONGEST_IN_COMPANY, in_company)),
        bounds,
        batches(i64::MAX, long),
        long_bounds,
    )
}

/// How long is waited for what is read in company.
pub(super) fn limits(settings: &ReadSettings) -> Limits {
    Limits {
        connect: settings.connect_timeout,
        statement: settings.statement_timeout,
        lock: settings.statement_timeout,
        answer: settings.answer_timeout,
    }
}

/// Reads batch after batch over one connection, which is made when it is needed and lives on the runtime that needed it.
pub(crate) struct Batches {
    server: Server,
    /// The most traces that a history may have.
    most: i64,
    limits: Limits,
    metrics: NodeMetrics,
    pulse: Pulse,
    idle: Mutex<Option<Reader>>,
}

impl Batches {
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
        let reader = Reader::connect(&self.server, self.limits, &self.metrics).await?;
        Ok(self.read_through(reader, asked).await?)
    }

    /// A connection that has not answered may be dead or busy: it is not used again. Nor is one whose reader went away.
    async fn read_through(
        &self,
        mut reader: Reader,
        asked: &Question<'_>,
    ) -> Result<Read, ReadError> {
        let heard = || self.pulse.has_heard();
        let read = reader.read(asked, self.most, heard).await?;
        self.pulse.has_read();
        *self.idle() = Some(reader);
        Ok(read)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Option<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loader for Batches {
    async fn load(&self, asked: &Asked) -> Result<Read, Cause> {
        let begun = Instant::now();
        match self.load_together(asked).await {
            Err(error)
                if asked.tickets.len() > 1
                    && error.may_be_one_tickets()
                    && begun.elapsed() < RETRY_BEFORE =>
            {
                Ok(self.load_apart(asked).await?)
            }
            outcome => Ok(outcome?),
        }
    }
}

impl Batches {
    async fn load_together(&self, asked: &Asked) -> Result<Read, BatchError> {
        let question = Question::from(asked);
        tokio::select! {
            outcome = self.read(&question) => outcome,
            // What hangs while the database answers others again would hang on, on a connection that is lost.
            () = self.pulse.returned() => self.read(&question).await,
        }
    }

    /// Asks for each ticket by itself, so that one which cannot be read keeps nobody from the others.
    async fn load_apart(&self, asked: &Asked) -> Result<Read, BatchError> {
        let mut all = Read::default();
        for ticket in &asked.tickets {
            let one = Asked {
                tickets: vec![*ticket],
                students: asked.students.clone(),
            };
            match self.load_together(&one).await {
                Ok(read) => {
                    all.histories.extend(read.histories);
                    all.ranks = read.ranks;
                }
                Err(error) if error.may_be_one_tickets() => {
                    all.histories.push((*ticket, Loaded::Failed(error.into())));
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
    /// Whether what is stored of one ticket may be the cause, and not the connection or the server.
    fn may_be_one_tickets(&self) -> bool {
        match self {
            Self::Read(ReadError::Query(DatabaseError(kind, _))) => {
                !matches!(kind, DatabaseErrorKind::ClosedConnection)
            }
            Self::Read(ReadError::Query(cause)) => {
                matches!(cause, diesel::result::Error::DeserializationError(_))
            }
            Self::Read(ReadError::Silent(_)) | Self::Connect(_) => false,
        }
    }
}
