//! The use case that returns the history of one ticket.

use std::sync::Arc;

use wts_domain::{AccessDenied, ActiveCaller, TicketHistory, TicketId, ensure_may_read_traces};

use crate::{
    history_repository::{FoundHistory, HistoryQuery, HistoryRepository, RepositoryError},
    rank_source::RankSource,
};

/// The use case that returns a ticket's traces to callers who may read them.
#[derive(Clone)]
pub struct GetTraces {
    histories: Arc<dyn HistoryRepository>,
    rank_source: RankSource,
}

impl GetTraces {
    /// Creates the use case with a repository of histories. The rank of a caller is the one in the token, unless
    /// [`Self::with_rank_source`] sets another source.
    pub fn new(histories: Arc<dyn HistoryRepository>) -> Self {
        Self {
            histories,
            rank_source: RankSource::Token,
        }
    }

    /// Sets where the ranks of callers come from.
    #[must_use]
    pub fn with_rank_source(self, rank_source: RankSource) -> Self {
        Self {
            rank_source,
            ..self
        }
    }

    /// Returns the history of `ticket`: all its traces in ascending order of time, then of id.
    ///
    /// The type [`ActiveCaller`] guarantees that the rank in the caller's token is active.
    ///
    /// # Errors
    ///
    /// Returns [`GetTracesError`]. If the ticket does not exist, every active caller gets
    /// [`GetTracesError::NoSuchTicket`].
    pub async fn execute(
        &self,
        caller: &ActiveCaller,
        ticket: TicketId,
    ) -> Result<Arc<TicketHistory>, GetTracesError> {
        let query = HistoryQuery {
            ticket,
            rank_of: self.rank_source.rank_of(caller),
        };
        let found = self.histories.find(&query).await?;
        authorize(self.rank_source, caller, ticket, found)
    }
}

/// Returns the history that was found, if `caller` may read it.
pub(crate) fn authorize(
    rank_source: RankSource,
    caller: &ActiveCaller,
    ticket: TicketId,
    found: FoundHistory,
) -> Result<Arc<TicketHistory>, GetTracesError> {
    let caller = rank_source.effective_caller(caller, found.rank)?;
    let history = found.history.ok_or(GetTracesError::NoSuchTicket(ticket))?;
    ensure_may_read_traces(&caller, &history.issuer)?;
    Ok(history)
}

/// The reason why traces cannot be returned.
#[derive(Debug, thiserror::Error)]
pub enum GetTracesError {
    /// The ticket does not exist.
    #[error("there is no ticket {0}")]
    NoSuchTicket(TicketId),
    /// The caller is not allowed to read the traces.
    #[error(transparent)]
    Denied(#[from] AccessDenied),
    /// The repository failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

#[cfg(test)]
mod tests;
