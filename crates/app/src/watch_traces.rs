//! The use case that follows tickets for waiting callers.

use std::sync::Arc;

use wts_domain::{ActiveCaller, TicketHistory, TicketId, Trace, TraceId};

use crate::{
    feed_repository::{FeedFilter, FeedPosition, FeedRepository, PageQuery, TracePage},
    get_traces::{GetTracesError, authorize},
    history_repository::{FoundHistory, HistoryQuery, HistoryRepository, RepositoryError},
    rank_source::RankSource,
};

/// The use case that follows tickets. All waiting callers share the results of its reads, so access is checked for each
/// caller afterwards.
#[derive(Clone)]
pub struct WatchTraces {
    feed: Arc<dyn FeedRepository>,
    histories: Arc<dyn HistoryRepository>,
    rank_source: RankSource,
}

impl WatchTraces {
    /// Creates the use case. `histories` has to be at least as fresh as the feed: a history is read because the feed has a
    /// new trace of its ticket.
    pub fn new(
        feed: Arc<dyn FeedRepository>,
        histories: Arc<dyn HistoryRepository>,
        rank_source: RankSource,
    ) -> Self {
        Self {
            feed,
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

    /// Returns the `limit` traces with the highest ids, of all tickets, in descending order.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the feed could not be read.
    pub async fn newest(&self, limit: usize) -> Result<Vec<Trace>, RepositoryError> {
        let query = PageQuery {
            start: FeedPosition::Before(TraceId::new(i64::MAX)),
            limit,
            filter: FeedFilter::default(),
        };
        Ok(self.feed.read_page(&query).await?.traces)
    }

    /// Returns a page of the settled traces of all tickets, without a check of access.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the feed could not be read.
    pub async fn settled(
        &self,
        start: FeedPosition,
        limit: usize,
    ) -> Result<TracePage, RepositoryError> {
        let query = PageQuery {
            start,
            limit,
            filter: FeedFilter::default(),
        };
        self.feed.read_page(&query).await
    }

    /// Returns the result of a query, without a check of access.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the history could not be read.
    pub async fn find(&self, query: &HistoryQuery) -> Result<FoundHistory, RepositoryError> {
        self.histories.find(query).await
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
