//! The port to the store of ticket histories.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use wts_domain::{Access, StudentId, TicketHistory, TicketId};

/// A query for one history. An implementation may serve equal concurrent queries with one read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The ticket whose history is read.
    pub ticket: TicketId,
    /// The student whose rank is read together with the history.
    pub rank_of: Option<StudentId>,
}

impl From<TicketId> for HistoryQuery {
    /// A query for the history alone.
    fn from(ticket: TicketId) -> Self {
        Self {
            ticket,
            rank_of: None,
        }
    }
}

/// The result of a [`HistoryQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundHistory {
    /// The issuer of the ticket and all its traces, oldest first, ties by ascending id; `None` if the ticket does not exist.
    pub history: Option<Arc<TicketHistory>>,
    /// The rank of the student in [`HistoryQuery::rank_of`]: that of their staff record, or else [`Access::User`];
    /// [`Access::Unregistered`] if they are not registered or their rank is unknown. `None` if the query names no student.
    pub rank: Option<Access>,
}

/// Reads whole ticket histories.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait HistoryRepository: Send + Sync {
    /// Returns the result of `query`, which includes all data that was committed before the call.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the store is overloaded or failed.
    async fn find(&self, query: &HistoryQuery) -> Result<FoundHistory, RepositoryError>;
}

/// The reason why a query failed.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The store works but is overloaded; a retry after a short delay may succeed.
    #[error("the store has more to do than it can take on")]
    Busy,
    /// The store is down, cannot be reached, rejected the query or contains invalid data.
    #[error("the store failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}
