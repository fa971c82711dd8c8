//! The port for reading the feed: the traces of many tickets in the order of their ids.

use std::collections::HashMap;

use async_trait::async_trait;
use wts_domain::{
    Access, Category, Priority, StaffId, Status, StudentId, TicketId, Timestamp, Trace, TraceId,
};

use crate::history_repository::RepositoryError;

/// The place in the feed where a page begins, and the direction in which the page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedPosition {
    /// The page begins with the trace that has the lowest id.
    Oldest,
    /// The page has traces with higher ids than this one, in ascending order.
    After(TraceId),
    /// The page begins at the present end of the feed, so it is empty.
    End,
    /// The page begins with the trace that has the highest id, in descending order.
    Newest,
    /// The page has traces with lower ids than this one, in descending order.
    Before(TraceId),
}

/// The conditions that a trace must meet to be on a page. All of them apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedFilter {
    /// The tickets whose traces are read; `None` for all tickets.
    pub tickets: Option<Vec<TicketId>>,
    /// The earliest `updated_at`.
    pub since: Option<Timestamp>,
    /// The end of the range of `updated_at`, which is excluded.
    pub until: Option<Timestamp>,
    /// The staff number of the actor.
    pub op: Option<StaffId>,
    /// The trace sets one of these statuses. An empty list stands for every trace.
    pub statuses: Vec<Status>,
    /// The trace sets one of these priorities. An empty list stands for every trace.
    pub priorities: Vec<Priority>,
    /// The trace sets one of these categories. An empty list stands for every trace.
    pub categories: Vec<Category>,
}

/// A query for one page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuery {
    /// The place where the page begins.
    pub start: FeedPosition,
    /// The maximum number of traces, at least one.
    pub limit: usize,
    /// The conditions on the traces.
    pub filter: FeedFilter,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracePage {
    /// The traces, in the order of the query.
    pub traces: Vec<Trace>,
    /// The position after the page: [`FeedPosition::After`] in ascending order, [`FeedPosition::Before`] in descending
    /// order.
    pub next: FeedPosition,
    /// Whether more of the feed can be read now. The next page can still be empty if there is a filter.
    pub has_more: bool,
    /// The settled position before the page was read: no trace with this id or a lower one can appear any more. `None`
    /// for [`FeedPosition::Before`].
    pub settled: Option<TraceId>,
}

/// A query for the issuers of tickets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IssuerQuery {
    /// The tickets.
    pub tickets: Vec<TicketId>,
    /// The student whose rank is read together with the issuers.
    pub rank_of: Option<StudentId>,
}

/// The result of an [`IssuerQuery`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundIssuers {
    /// The issuers of the tickets that exist.
    pub issuers: HashMap<TicketId, StudentId>,
    /// The rank of the student in [`IssuerQuery::rank_of`], as in [`FoundHistory::rank`](crate::FoundHistory::rank).
    pub rank: Option<Access>,
}

/// Reads the traces of many tickets in the order of their ids.
///
/// A database assigns ids before transactions commit, so a trace can appear after traces with higher ids. In ascending
/// order, a page therefore has *settled* traces only: a trace is settled if no trace with a lower id can appear any more. A
/// reader that follows [`TracePage::next`] gets every trace exactly once.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait FeedRepository: Send + Sync {
    /// Returns a page. In ascending order it ends before the first trace that is not settled, otherwise it includes all
    /// traces that were committed before the call.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the repository is overloaded or failed. It is overloaded for
    /// [`FeedPosition::End`] as long as it has not found a settled position since it was opened.
    async fn read_page(&self, query: &PageQuery) -> Result<TracePage, RepositoryError>;

    /// Returns the issuers of tickets, and the rank of a student.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the repository is overloaded or failed.
    async fn find_issuers(&self, query: &IssuerQuery) -> Result<FoundIssuers, RepositoryError>;
}
