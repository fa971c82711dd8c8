//! The port to wherever ticket histories are stored.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use wts_domain::{Access, StudentId, TicketHistory, TicketId};

/// What to read. Equal queries that arrive together may be answered by one read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The ticket whose history is wanted.
    pub ticket: TicketId,
    /// The student whose rank is wanted too, as fresh as the history.
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

/// What a query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundHistory {
    /// The issuer of the ticket and all its traces, oldest first, ties by ascending id; `None` if there is no such ticket.
    pub history: Option<Arc<TicketHistory>>,
    /// The rank of the student in [`HistoryQuery::rank_of`]: that of their staff record, or else [`Access::User`];
    /// [`Access::Unregistered`] if they are not registered or their rank is unknown. `None` if the query names no student.
    pub rank: Option<Access>,
}

/// Reads whole ticket histories.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait HistoryRepository: Send + Sync {
    /// Returns what `query` asks for. Everything that was committed before the call is in the result.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`] if the store could not answer.
    async fn find(&self, query: &HistoryQuery) -> Result<FoundHistory, RepositoryError>;
}

/// Why a store gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The store is well but has more to do than it can take on; asking again in a moment may succeed.
    #[error("the store has more to do than it can take on")]
    Busy,
    /// The store failed: it is down, cannot be reached, refused the query or holds what cannot be read.
    #[error("the store failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}
