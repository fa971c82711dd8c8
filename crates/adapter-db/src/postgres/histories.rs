//! Histories out of PostgreSQL.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use deadpool::managed::{Object, TimeoutType};
use diesel_async::RunQueryDsl;
use tokio::{runtime::Handle, task::JoinError, time::timeout};
use tokio_postgres::Config;
use wts_app::{HistoryRepository, RepositoryError};
use wts_domain::{TicketHistory, TicketId};

use super::{
    pool::{Connections, Pool, PoolError, pool},
    tables::history_of,
};
use crate::{
    columns::AnyWidth,
    error::OpenError,
    history::{HistoryRow, history_from},
};

/// How long a statement may go without an answer. The server should have ended it before.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// What failed later than this is not asked again.
const RETRY_BEFORE: Duration = Duration::from_millis(500);
/// No ticket has this number.
const NO_TICKET: i64 = 0;

/// Reads histories through a pool of connections, each of which prepares the statement once.
pub(crate) struct Histories {
    pool: Pool,
    runtime: Handle,
    /// Whether the last attempt at the database failed. Who then finds no connection free meets a failure, not load.
    failing: AtomicBool,
}

impl Histories {
    /// Opens the pool and reads a history that cannot be there, to prove that it can.
    pub(crate) async fn open(config: &Config) -> Result<Self, OpenError> {
        let histories = Self {
            pool: pool(config).map_err(|error| OpenError::Unreachable(error.into()))?,
            runtime: Handle::current(),
            failing: AtomicBool::new(false),
        };
        match histories.rows(NO_TICKET).await {
            Ok(_) => Ok(histories),
            Err(error @ ReadError::Query(_)) => Err(OpenError::Unreadable(error.into())),
            Err(error) => Err(OpenError::Unreachable(error.into())),
        }
    }

    /// The rows of a history. The read changes nothing, so that where the database refuses at once, on a connection
    /// that died unnoticed or has prepared a statement for tables that are different now, it is asked once more, on a
    /// new connection.
    async fn rows(&self, ticket: i64) -> Result<Vec<HistoryRow>, ReadError> {
        let begun = Instant::now();
        let mut outcome = self.rows_at_first_try(ticket).await;
        if let Err(ReadError::Query(diesel::result::Error::DatabaseError(_, cause))) = &outcome
            && begun.elapsed() < RETRY_BEFORE
        {
            tracing::warn!(cause = cause.message(), "asking the database once more");
            // Those that lie idle are as old.
            self.pool.retain(|_, _| false);
            outcome = self.rows_at_first_try(ticket).await;
        }
        // Who found no connection free knows nothing of the database.
        if !matches!(
            outcome,
            Err(ReadError::Pool(PoolError::Timeout(TimeoutType::Wait)))
        ) {
            self.failing
                .store(!has_answered(&outcome), Ordering::Relaxed);
        }
        outcome
    }

    async fn rows_at_first_try(&self, ticket: i64) -> Result<Vec<HistoryRow>, ReadError> {
        let connection = self.pool.get().await?;
        // In a task of its own: should whoever asks go away, the connection is not given on before it has answered.
        self.runtime.spawn(read(connection, ticket)).await?
    }
}

async fn read(
    mut connection: Object<Connections>,
    ticket: i64,
) -> Result<Vec<HistoryRow>, ReadError> {
    let statement = history_of(AnyWidth(ticket)).load(&mut *connection);
    let outcome = match timeout(ANSWER_TIMEOUT, statement).await {
        Ok(outcome) => outcome.map_err(ReadError::Query),
        Err(_elapsed) => Err(ReadError::TooSlow),
    };
    if !has_answered(&outcome) {
        // It may be dead or busy: whoever comes next shall not get it.
        drop(Object::take(connection));
    }
    outcome
}

/// Whether the database did its part. That rows hold what cannot be read is not the connection's fault.
fn has_answered(outcome: &Result<Vec<HistoryRow>, ReadError>) -> bool {
    use diesel::result::Error::DeserializationError;
    matches!(
        outcome,
        Ok(_) | Err(ReadError::Query(DeserializationError(_)))
    )
}

#[async_trait]
impl HistoryRepository for Histories {
    async fn find(&self, ticket: TicketId) -> Result<Option<TicketHistory>, RepositoryError> {
        match self.rows(ticket.get()).await {
            Ok(rows) => Ok(history_from(ticket, rows)),
            Err(ReadError::Pool(PoolError::Timeout(TimeoutType::Wait)))
                // `load` alone would be diesel's.
                if !AtomicBool::load(&self.failing, Ordering::Relaxed) =>
            {
                Err(RepositoryError::Busy)
            }
            Err(error) => Err(RepositoryError::Failed(error.into())),
        }
    }
}

/// Why no rows came back.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("no connection")]
    Pool(#[from] PoolError),
    #[error(
        "reading a history from wts.tickets, wts.ticket_traces, wts.operators and data.students"
    )]
    Query(#[source] diesel::result::Error),
    #[error("no answer within {ANSWER_TIMEOUT:?}")]
    TooSlow,
    #[error("the read was abandoned")]
    Abandoned(#[from] JoinError),
}
