//! The port of the repository that contains ticket histories.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use wts_domain::{Access, StudentId, TicketHistory, TicketId};

/// A query for the history of one ticket. A repository may answer equal concurrent queries with one database query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HistoryQuery {
    /// The ticket whose history is read.
    pub ticket: TicketId,
    /// The student whose rank is read together with the history, if any.
    pub rank_of: Option<StudentId>,
}

impl From<TicketId> for HistoryQuery {
    /// Creates a query for the history alone, without a rank.
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
    /// The issuer of the ticket and all its traces in ascending order of time, then of id. `None` if the ticket does
    /// not exist.
    pub history: Option<Arc<TicketHistory>>,
    /// The rank of the student in [`HistoryQuery::rank_of`], `None` if the query names no student.
    ///
    /// The rank is that of the student's staff record. A registered student without one has the rank [`Access::User`].
    /// If a student is not registered or has an unknown rank, the rank is [`Access::Unregistered`].
    pub rank: Option<Access>,
}

/// A repository of complete ticket histories.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait HistoryRepository: Send + Sync {
    /// Returns the result of `query`. It includes all data that was committed before the call.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the repository is overloaded or has failed.
    async fn find(&self, query: &HistoryQuery) -> Result<FoundHistory, RepositoryError>;
}

/// The reason why a query to the repository failed.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The repository is available but overloaded. A retry after a short delay may succeed.
    #[error("the repository is overloaded")]
    Busy,
    /// The repository is unavailable, rejected the query or contains invalid data.
    #[error("the repository failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}
