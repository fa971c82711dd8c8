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
    /// The page skips all existing traces, so it is empty. Its next position is after them.
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
    /// The trace sets one of these statuses. An empty list accepts every trace.
    pub statuses: Vec<Status>,
    /// The trace sets one of these priorities. An empty list accepts every trace.
    pub priorities: Vec<Priority>,
    /// The trace sets one of these categories. An empty list accepts every trace.
    pub categories: Vec<Category>,
}

impl FeedFilter {
    /// Returns whether a trace meets all conditions.
    pub fn matches(&self, trace: &Trace) -> bool {
        fn is_set<T: PartialEq>(value: Option<T>, list: &[T]) -> bool {
            list.is_empty() || value.is_some_and(|value| list.contains(&value))
        }
        self.tickets
            .as_ref()
            .is_none_or(|tickets| tickets.contains(&trace.ticket))
            && self.since.is_none_or(|since| trace.updated_at >= since)
            && self.until.is_none_or(|until| trace.updated_at < until)
            && self.op.as_ref().is_none_or(|op| trace.op == *op)
            && is_set(trace.new_status, &self.statuses)
            && is_set(trace.new_priority, &self.priorities)
            && is_set(trace.new_category, &self.categories)
    }
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
    /// Whether the next page can be read now. That page can still be empty if there is a filter.
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
    /// Returns [`RepositoryError`] if the repository is overloaded or failed. For
    /// [`FeedPosition::End`] the error is [`RepositoryError::Busy`] until the first settled position is found.
    async fn read_page(&self, query: &PageQuery) -> Result<TracePage, RepositoryError>;

    /// Returns the issuers of tickets, and the rank of a student.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError`] if the repository is overloaded or failed.
    async fn find_issuers(&self, query: &IssuerQuery) -> Result<FoundIssuers, RepositoryError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> Trace {
        let at = Timestamp::from_micros_since_2000(10);
        let ticket = TicketId::new(1).unwrap();
        let mut trace = Trace::new(TraceId::new(7), ticket, at, StaffId::from("W007"));
        trace.new_status = Some(Status::Solved);
        trace.new_priority = Some(Priority::Normal);
        trace
    }

    fn matches(set: impl FnOnce(&mut FeedFilter)) -> bool {
        let mut filter = FeedFilter::default();
        set(&mut filter);
        filter.matches(&trace())
    }

    #[test]
    fn trace_matches_if_it_meets_every_condition() {
        let at = Timestamp::from_micros_since_2000;
        let ticket = |number| TicketId::new(number).unwrap();
        assert!(matches(|_| {}));
        assert!(matches(
            |filter| filter.tickets = Some(vec![ticket(2), ticket(1)])
        ));
        assert!(!matches(|filter| filter.tickets = Some(vec![ticket(2)])));
        assert!(!matches(|filter| filter.tickets = Some(vec![])));
        assert!(matches(|filter| filter.since = Some(at(10))));
        assert!(!matches(|filter| filter.since = Some(at(11))));
        assert!(matches(|filter| filter.until = Some(at(11))));
        assert!(!matches(|filter| filter.until = Some(at(10))));
        assert!(matches(|filter| filter.op = Some(StaffId::from("W007"))));
        assert!(!matches(|filter| filter.op = Some(StaffId::from("W008"))));
        assert!(matches(|filter| {
            filter.statuses = vec![Status::Fresh, Status::Solved];
            filter.priorities = vec![Priority::Normal];
        }));
        assert!(!matches(|filter| filter.statuses = vec![Status::Fresh]));
        assert!(!matches(|filter| filter.categories = vec![Category::Others]));
        assert!(!matches(|filter| {
            filter.statuses = vec![Status::Solved];
            filter.priorities = vec![Priority::Highest];
        }));
    }
}
