//! The request of a batch to a database, and its response.

use std::{
    collections::{BTreeSet, HashMap},
    error::Error,
    sync::Arc,
};

use wts_app::{FoundHistory, HistoryQuery};
use wts_domain::{Access, StudentId, TicketHistory, TicketId};

use crate::error::Cause;

/// Reads batches from a database.
pub(crate) trait BatchLoader: Send + Sync + 'static {
    /// Reads the requested histories and ranks, including everything committed before the call. A ticket or student
    /// that does not exist is omitted from the response. Calls of one loader do not overlap, and every call returns
    /// within a limited time.
    ///
    /// # Errors
    ///
    /// Returns the cause if the whole batch failed.
    fn load(
        &self,
        request: &BatchRequest,
    ) -> impl Future<Output = Result<BatchResponse, Cause>> + Send;
}

/// The request of a batch: the tickets and students of its queries, without duplicates.
#[derive(Debug, Clone, Default)]
pub(crate) struct BatchRequest {
    /// The tickets whose histories are read.
    pub(crate) tickets: Vec<TicketId>,
    /// The students whose ranks are read.
    pub(crate) students: Vec<StudentId>,
}

impl BatchRequest {
    /// Creates the request of a health check: a ticket id that probably does not exist and, if `ranks`, an empty
    /// student number. Reading both verifies that the tables can be read.
    pub(crate) fn probe(ranks: bool) -> Self {
        Self {
            tickets: TicketId::new(i64::MAX).into_iter().collect(),
            students: ranks.then(|| StudentId::from("")).into_iter().collect(),
        }
    }

    /// Adds a query unless the request would then have more than `max_tickets` tickets. Returns whether the query was
    /// added.
    pub(super) fn try_add(&mut self, query: &HistoryQuery, max_tickets: usize) -> bool {
        if !self.tickets.contains(&query.ticket) {
            if self.tickets.len() >= max_tickets {
                return false;
            }
            self.tickets.push(query.ticket);
        }
        if let Some(student) = &query.rank_of
            && !self.students.contains(student)
        {
            self.students.push(student.clone());
        }
        true
    }
}

/// The response to a batch: the histories and ranks that were read.
#[derive(Debug, Default)]
pub(crate) struct BatchResponse {
    pub(crate) histories: HashMap<TicketId, HistoryOutcome>,
    /// The ranks of registered students.
    pub(crate) ranks: HashMap<StudentId, Access>,
}

/// The history of one ticket in a batch, or the error that occurred when it was read.
pub(crate) type HistoryOutcome = Result<Arc<TicketHistory>, LookupError>;

impl<'q> FromIterator<&'q HistoryQuery> for BatchRequest {
    fn from_iter<Q: IntoIterator<Item = &'q HistoryQuery>>(queries: Q) -> Self {
        let (mut tickets, mut students) = (BTreeSet::new(), BTreeSet::new());
        for query in queries {
            tickets.insert(query.ticket);
            students.extend(query.rank_of.clone());
        }
        Self {
            tickets: tickets.into_iter().collect(),
            students: students.into_iter().collect(),
        }
    }
}

impl BatchResponse {
    /// Returns the results of all queries of the batch; `None` for those that have to be read alone.
    pub(crate) fn results_of(&self, queries: &[HistoryQuery]) -> Vec<Option<FoundHistory>> {
        let results = queries.iter().map(|query| self.result_of(query).ok());
        results.collect()
    }

    /// Returns the result of one query of the batch.
    pub(super) fn result_of(&self, query: &HistoryQuery) -> Result<FoundHistory, LookupError> {
        let history = self.histories.get(&query.ticket).cloned().transpose()?;
        let rank = query.rank_of.as_ref().map(|student| {
            let rank = self.ranks.get(student);
            rank.copied().unwrap_or(Access::Unregistered)
        });
        Ok(FoundHistory { history, rank })
    }
}

/// The reason why a query in a batch queue failed.
#[derive(Debug, Clone)]
pub(crate) enum LookupError {
    /// The history is too long for a shared batch, and was not read.
    TooLong,
    /// The queue is full, or the query timed out in the queue because the database is busy.
    Busy,
    /// Reading the history failed. All queries for this history get the same cause.
    Failed(Arc<dyn Error + Send + Sync>),
}

impl LookupError {
    pub(crate) fn failed(cause: impl Into<Cause>) -> Self {
        Self::Failed(Arc::from(cause.into()))
    }
}
