//! The use case that follows tickets for waiting callers.

use std::sync::Arc;

use wts_domain::{ActiveCaller, TicketHistory, TicketId, TraceId};

use crate::{
    get_traces::{GetTracesError, authorize},
    history_repository::{FoundHistory, HistoryQuery, HistoryRepository, RepositoryError},
    rank_source::RankSource,
    watch_repository::{News, WatchRepository},
};

/// The use case that follows tickets. All waiting callers share the results of its reads, so access is checked for each
/// caller afterwards.
#[derive(Clone)]
pub struct WatchTraces {
    watch: Arc<dyn WatchRepository>,
    histories: Arc<dyn HistoryRepository>,
    rank_source: RankSource,
}

impl WatchTraces {
    /// Creates the use case. `histories` has to be at least as fresh as `watch`: a history is read because there is a new
    /// trace of its ticket.
    pub fn new(
        watch: Arc<dyn WatchRepository>,
        histories: Arc<dyn HistoryRepository>,
        rank_source: RankSource,
    ) -> Self {
        Self {
            watch,
            histories,
            rank_source,
        }
    }

    /// Returns the query that reads what `caller` needs to follow `ticket`. Callers with equal queries share its result.
    pub fn query(&self, caller: &ActiveCaller, ticket: TicketId) -> HistoryQuery {
        HistoryQuery {
            ticket,
            rank_of: self.rank_source.rank_of(caller),
        }
    }

    /// Returns what is new in the feed after a position, without a check of access. If the position is `None`, returns the
    /// present position.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the feed could not be read.
    pub async fn news(&self, after: Option<TraceId>) -> Result<News, RepositoryError> {
        self.watch.read_news(after).await
    }

    /// Returns the results of queries, without a check of access. `None` if a history has to be read alone, by
    /// [`find`](Self::find).
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the histories could not be read.
    pub async fn find_all(
        &self,
        queries: &[HistoryQuery],
    ) -> Result<Vec<Option<FoundHistory>>, RepositoryError> {
        self.watch.find_all(queries).await
    }

    /// Returns the result of a query, without a check of access.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the history could not be read.
    pub async fn find(&self, query: &HistoryQuery) -> Result<FoundHistory, RepositoryError> {
        self.histories.find(query).await
    }

    /// Returns the history of `ticket`, at least as fresh as the traces that [`news`](Self::news) has returned.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`GetTraces::execute`](crate::GetTraces::execute).
    pub async fn execute(
        &self,
        caller: &ActiveCaller,
        ticket: TicketId,
    ) -> Result<Arc<TicketHistory>, GetTracesError> {
        let found = self.find(&self.query(caller, ticket)).await?;
        self.authorize(caller, ticket, found)
    }

    /// Returns the history that was found, if `caller` may read it.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`GetTraces::execute`](crate::GetTraces::execute).
    pub fn authorize(
        &self,
        caller: &ActiveCaller,
        ticket: TicketId,
        found: FoundHistory,
    ) -> Result<Arc<TicketHistory>, GetTracesError> {
        authorize(self.rank_source, caller, ticket, found)
    }
}
