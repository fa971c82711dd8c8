//! The request of a batch to a database, the response, and the result of each query in it.

use std::{collections::HashMap, error::Error, sync::Arc};

use wts_app::{FoundHistory, HistoryQuery};
use wts_domain::{Access, StudentId, TicketHistory, TicketId};

use crate::error::Cause;

/// Loads batches.
pub(crate) trait BatchLoader: Send + Sync + 'static {
    /// Reads what is requested as it is now or later; a ticket or a student that does not exist is left out. It is not
    /// called again before it has returned, and gives up by itself in the end.
    ///
    /// # Errors
    ///
    /// The reason why nothing of it was read.
    fn load(
        &self,
        request: &BatchRequest,
    ) -> impl Future<Output = Result<BatchResponse, Cause>> + Send;
}

/// The tickets and the students of the queries of one batch, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct BatchRequest {
    /// Whose histories are wanted.
    pub(crate) tickets: Vec<TicketId>,
    /// Whose ranks are wanted.
    pub(crate) students: Vec<StudentId>,
}

impl BatchRequest {
    /// A request that proves that histories can be read, and ranks too if `ranks`: for a ticket that is hardly ever there, and
    /// for the rank of an empty student number.
    pub(crate) fn probe(ranks: bool) -> Self {
        Self {
            tickets: TicketId::new(i64::MAX).into_iter().collect(),
            students: ranks.then(|| StudentId::from("")).into_iter().collect(),
        }
    }

    /// Adds a query, unless there would be more than `max_tickets` tickets then. Returns whether it was added.
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

/// The histories and the ranks that were read for a batch.
#[derive(Debug, Default)]
pub(crate) struct BatchResponse {
    pub(crate) histories: HashMap<TicketId, HistoryOutcome>,
    /// The ranks of the students who are registered.
    pub(crate) ranks: HashMap<StudentId, Access>,
}

/// The outcome for one ticket of a batch.
pub(crate) type HistoryOutcome = Result<Arc<TicketHistory>, LookupError>;

impl BatchResponse {
    /// The result for one query of the batch.
    pub(super) fn result_of(&self, query: &HistoryQuery) -> Result<FoundHistory, LookupError> {
        let history = self.histories.get(&query.ticket).cloned().transpose()?;
        let rank = query.rank_of.as_ref().map(|student| {
            let rank = self.ranks.get(student);
            rank.copied().unwrap_or(Access::Unregistered)
        });
        Ok(FoundHistory { history, rank })
    }
}

/// Why a query has no result.
#[derive(Debug, Clone)]
pub(crate) enum LookupError {
    /// The history is too long for a shared batch, and was not read.
    TooLong,
    /// There is more to do than can be done in time.
    Busy,
    /// The history could not be read. Every query that asked for it gets the same cause.
    Failed(Arc<dyn Error + Send + Sync>),
}

impl LookupError {
    pub(crate) fn failed(cause: impl Into<Cause>) -> Self {
        Self::Failed(Arc::from(cause.into()))
    }
}
