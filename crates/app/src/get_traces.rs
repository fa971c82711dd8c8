//! Reading the history of one ticket.

use std::sync::Arc;

use wts_domain::{AccessDenied, ActiveCaller, TicketHistory, TicketId, ensure_may_read_traces};

use crate::{HistoryRepository, RepositoryError};

/// Gives a ticket's traces to those who may see them.
#[derive(Clone)]
pub struct GetTraces {
    histories: Arc<dyn HistoryRepository>,
}

impl GetTraces {
    /// The use case over the histories of this store.
    pub fn new(histories: Arc<dyn HistoryRepository>) -> Self {
        Self { histories }
    }

    /// The history of `ticket`, all its traces, oldest first, ties by ascending id.
    ///
    /// That the caller is active has been settled before: an [`ActiveCaller`] is the proof.
    ///
    /// # Errors
    ///
    /// [`GetTracesError`], of which a missing ticket comes before a ticket that is not the caller's to see.
    pub async fn execute(
        &self,
        caller: &ActiveCaller,
        ticket: TicketId,
    ) -> Result<Arc<TicketHistory>, GetTracesError> {
        let history = self
            .histories
            .find(ticket)
            .await?
            .ok_or(GetTracesError::NoSuchTicket(ticket))?;
        ensure_may_read_traces(caller, &history.issuer)?;
        Ok(history)
    }
}

/// Why there are no traces to see.
#[derive(Debug, thiserror::Error)]
pub enum GetTracesError {
    /// There is no such ticket.
    #[error("there is no ticket {0}")]
    NoSuchTicket(TicketId),
    /// The caller may not see them.
    #[error(transparent)]
    Denied(#[from] AccessDenied),
    /// The store could not say.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

#[cfg(test)]
mod tests;
