//! The port that reads for all waiting callers together.

use async_trait::async_trait;
use wts_domain::{TicketId, Trace, TraceId};

use crate::history_repository::{FoundHistory, HistoryQuery, RepositoryError};

/// The traces that a call of [`WatchRepository::read_news`] found. Each of the lists is limited, so that an import does
/// not fill the memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// The settled traces after the position of the call, in ascending order of ids.
    pub settled: Vec<Trace>,
    /// The position after the settled traces; `None` until the first settled position is found.
    pub next: Option<TraceId>,
    /// Whether the next call finds further settled traces.
    pub has_more: bool,
    /// The newest of the other committed traces, which may not be settled yet, and their tickets.
    pub others: Vec<(TraceId, TicketId)>,
    /// Whether traces were left out because a list is full.
    pub is_truncated: bool,
}

/// Reads for all waiting callers together, from the primary database. Each method takes one statement, because other
/// databases than ours are read too, and their load must not depend on the number of waiting callers.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait WatchRepository: Send + Sync {
    /// Returns the traces of all tickets after the position `after`, or no settled ones but the present position if `after`
    /// is `None`. [`FeedRepository`](crate::FeedRepository) defines settled traces.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the repository has failed.
    async fn read_news(&self, after: Option<TraceId>) -> Result<News, RepositoryError>;

    /// Returns the results of queries, in the order of the queries. `None` if a history cannot be read together with
    /// others, because it is too long or damaged.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the repository has failed.
    async fn find_all(
        &self,
        queries: &[HistoryQuery],
    ) -> Result<Vec<Option<FoundHistory>>, RepositoryError>;
}
