//! Histories out of PostgreSQL.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use deadpool::{
    Runtime,
    managed::{Object, PoolError, TimeoutType},
};
use diesel_async::{
    AsyncPgConnection, RunQueryDsl,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Pool, PoolError as PoolFailure},
    },
};
use futures_util::FutureExt;
use tokio::time::timeout;
use tokio_postgres::Config;
use wts_app::{HistoryRepository, RepositoryError};
use wts_domain::{TicketHistory, TicketId};

use super::{connect, connection::CONNECT_TIMEOUT, tables::history_of};
use crate::{
    columns::AnyWidth,
    error::{Cause, OpenError},
    history::{HistoryRow, history_from},
};

/// What a read costs PostgreSQL grows with the number of connections, so they are few.
const CONNECTIONS: usize = 4;
/// How long a read may wait for a free connection before the service says that it is busy.
const WAIT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long the statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads histories through a pool of connections, each of which prepares the statement once.
pub(crate) struct Histories {
    pool: Pool<AsyncPgConnection>,
}

impl Histories {
    /// Opens the pool and reads a history, whichever, to prove that it can.
    pub(crate) async fn open(config: &Config) -> Result<Self, OpenError> {
        let histories = Self {
            pool: pool(config)?,
        };
        match histories.rows(1).await {
            Ok(_) => Ok(histories),
            Err(ReadError::Pool(error)) => Err(OpenError::Unreachable(error.into())),
            Err(error) => Err(OpenError::Unreadable(error.into())),
        }
    }

    /// The rows of a history. The read changes nothing, so that where the database fails, on a connection that died
    /// unnoticed for example, it is asked once more.
    async fn rows(&self, ticket: i64) -> Result<Vec<HistoryRow>, ReadError> {
        match self.rows_at_first_try(ticket).await {
            Err(ReadError::Query(diesel::result::Error::DatabaseError(..))) => {
                self.rows_at_first_try(ticket).await
            }
            outcome => outcome,
        }
    }

    async fn rows_at_first_try(&self, ticket: i64) -> Result<Vec<HistoryRow>, ReadError> {
        let mut connection = self.pool.get().await?;
        let statement = history_of(AnyWidth(ticket)).load(&mut connection);
        let outcome = match timeout(STATEMENT_TIMEOUT, statement).await {
            Ok(outcome) => outcome.map_err(ReadError::Query),
            Err(_elapsed) => Err(ReadError::TooSlow),
        };
        if outcome.is_err() {
            // It may be dead or busy: whoever comes next shall not get it.
            drop(Object::take(connection));
        }
        outcome
    }
}

#[async_trait]
impl HistoryRepository for Histories {
    async fn find(&self, ticket: TicketId) -> Result<Option<TicketHistory>, RepositoryError> {
        match self.rows(ticket.get()).await {
            Ok(rows) => Ok(history_from(ticket, rows)),
            Err(ReadError::Pool(PoolError::Timeout(TimeoutType::Wait))) => {
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
    Pool(#[from] PoolFailure),
    #[error(
        "reading a history from wts.tickets, wts.ticket_traces, wts.operators and data.students"
    )]
    Query(#[source] diesel::result::Error),
    #[error("no answer within {STATEMENT_TIMEOUT:?}")]
    TooSlow,
}

fn pool(config: &Config) -> Result<Pool<AsyncPgConnection>, OpenError> {
    let config = Arc::new(config.clone());
    let mut settings = ManagerConfig::default();
    // A connection that was closed is noticed without asking it anything.
    settings.recycling_method = RecyclingMethod::Fast;
    settings.custom_setup = Box::new(move |_| {
        let config = Arc::clone(&config);
        async move { connect(&config).await }.boxed()
    });
    let manager = AsyncDieselConnectionManager::new_with_config("", settings);
    Pool::builder(manager)
        .max_size(CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT_TIMEOUT))
        .create_timeout(Some(CONNECT_TIMEOUT))
        .build()
        .map_err(|error| OpenError::Unreachable(Cause::from(error)))
}
