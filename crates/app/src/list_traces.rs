//! The use case that returns the feed: the traces of many tickets in the order of their ids.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use futures_util::future::try_join_all;
use wts_domain::{
    AccessDenied, ActiveCaller, TicketFields, TicketHistory, TicketId, Trace, TraceChanges,
    can_read_all_traces, ensure_may_read_traces,
};

use crate::{
    feed_repository::{FeedRepository, FoundIssuers, IssuerQuery, PageQuery, TracePage},
    history_repository::{HistoryRepository, RepositoryError},
    rank_source::RankSource,
};

/// The use case that returns pages of the feed. Operators read the traces of all tickets. Other callers must name tickets
/// and read the traces of those that they created.
#[derive(Clone)]
pub struct ListTraces {
    feed: Arc<dyn FeedRepository>,
    histories: Arc<dyn HistoryRepository>,
    rank_source: RankSource,
}

/// A page of the feed that a caller may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTraces {
    /// The page.
    pub page: TracePage,
    /// The changes that each trace of the page made, if they were requested.
    pub changes: Option<Vec<TraceChanges>>,
    /// The tickets of the query that do not exist or that the caller may not read, in the order of the query.
    pub denied: Vec<TicketId>,
}

/// A query that is limited to what the caller may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedQuery {
    /// The query without the denied tickets.
    pub page: PageQuery,
    /// The tickets of the query that do not exist or that the caller may not read, in the order of the query.
    pub denied: Vec<TicketId>,
}

impl ListTraces {
    /// Creates the use case. `histories` must be at least as up to date as the feed: the changes of a trace depend on the
    /// earlier traces of its ticket.
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

    /// Returns a page, and the changes that its traces made if `include_changes` is set.
    ///
    /// # Errors
    ///
    /// Returns [`ListTracesError`]. Tickets that do not exist or that the caller may not read are returned as denied.
    pub async fn execute(
        &self,
        caller: &ActiveCaller,
        query: PageQuery,
        include_changes: bool,
    ) -> Result<ListedTraces, ListTracesError> {
        let AuthorizedQuery { page, denied } = self.authorize(caller, query).await?;
        let page = self.feed.read_page(&page).await?;
        let changes = if include_changes {
            Some(self.changes(&page.traces).await?)
        } else {
            None
        };
        Ok(ListedTraces {
            page,
            changes,
            denied,
        })
    }

    /// Removes from a query the tickets that the caller may not read now.
    ///
    /// # Errors
    ///
    /// Returns [`ListTracesError`].
    pub async fn authorize(
        &self,
        caller: &ActiveCaller,
        mut query: PageQuery,
    ) -> Result<AuthorizedQuery, ListTracesError> {
        let requested = query.filter.tickets.take();
        let found = self.find_issuers(caller, requested.as_deref()).await?;
        let caller = self.rank_source.effective_caller(caller, found.rank)?;
        let mut denied = Vec::new();
        if let Some(requested) = requested {
            let (readable, others) = requested.into_iter().partition(|ticket| {
                let issuer = found.issuers.get(ticket);
                issuer.is_some_and(|issuer| ensure_may_read_traces(&caller, issuer).is_ok())
            });
            query.filter.tickets = Some(readable);
            denied = others;
        } else if !can_read_all_traces(&caller) {
            return Err(ListTracesError::TicketsRequired);
        }
        Ok(AuthorizedQuery {
            page: query,
            denied,
        })
    }

    async fn find_issuers(
        &self,
        caller: &ActiveCaller,
        tickets: Option<&[TicketId]>,
    ) -> Result<FoundIssuers, RepositoryError> {
        let query = IssuerQuery {
            tickets: tickets.unwrap_or_default().to_vec(),
            rank_of: self.rank_source.rank_of(caller),
        };
        if query == IssuerQuery::default() {
            return Ok(FoundIssuers::default());
        }
        self.feed.find_issuers(&query).await
    }

    /// Returns the changes that each of these traces made.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if a history could not be read.
    pub async fn changes(&self, traces: &[Trace]) -> Result<Vec<TraceChanges>, RepositoryError> {
        let tickets: BTreeSet<_> = traces.iter().map(|trace| trace.ticket).collect();
        let histories = try_join_all(tickets.into_iter().map(async |ticket| {
            let found = self.histories.find(&ticket.into()).await?;
            Ok::<_, RepositoryError>((ticket, found.history))
        }));
        let histories: HashMap<_, _> = histories.await?.into_iter().collect();
        let changes = traces.iter().map(|trace| {
            let history = histories.get(&trace.ticket).and_then(Option::as_deref);
            changes_of(trace, history)
        });
        Ok(changes.collect())
    }
}

/// Returns the changes that a trace made. The history may lack the trace, because it was deleted after the page was read.
fn changes_of(trace: &Trace, history: Option<&TicketHistory>) -> TraceChanges {
    let sort_key = |trace: &Trace| (trace.updated_at, trace.id);
    let traces = history.map_or(&[][..], |history| &history.traces);
    let index = traces.partition_point(|other| sort_key(other) < sort_key(trace));
    if traces.get(index).is_some_and(|found| found.id == trace.id)
        && let Some(changes) = history.and_then(|history| history.changes_at(index))
    {
        return changes;
    }
    let mut fields = TicketFields::default();
    for earlier in traces.iter().take(index) {
        fields.apply(earlier);
    }
    fields.apply(trace)
}

/// The reason why a page of the feed cannot be returned.
#[derive(Debug, thiserror::Error)]
pub enum ListTracesError {
    /// The caller may not read the traces of all tickets and named no tickets.
    #[error("the caller must name tickets")]
    TicketsRequired,
    /// The caller is not active.
    #[error(transparent)]
    Denied(#[from] AccessDenied),
    /// The repository failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

#[cfg(test)]
mod tests;
