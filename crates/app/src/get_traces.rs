//! Reading the history of one ticket.

use std::{borrow::Cow, sync::Arc};

use wts_domain::{
    AccessDenied, ActiveCaller, TicketHistory, TicketId, cap_rank, ensure_may_read_traces,
};

use crate::{HistoryRepository, RepositoryError};

/// Gives a ticket's traces to those who may see them.
#[derive(Clone)]
pub struct GetTraces {
    histories: Arc<dyn HistoryRepository>,
    authority: Authority,
}

/// Whose word a caller's rank is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Authority {
    /// That of whoever made the caller known, a token for example.
    #[default]
    Caller,
    /// That of the store, too: the lower rank counts, and who is not in the store is nobody.
    Store,
}

impl GetTraces {
    /// The use case over the histories of this store, with the caller's word for their rank.
    pub fn new(histories: Arc<dyn HistoryRepository>) -> Self {
        Self {
            histories,
            authority: Authority::Caller,
        }
    }

    /// The same with another's word for it.
    #[must_use]
    pub fn with_authority(self, authority: Authority) -> Self {
        Self { authority, ..self }
    }

    /// The history of `ticket`, all its traces, oldest first, ties by ascending id.
    ///
    /// That the caller is active has been settled before: an [`ActiveCaller`] is the proof. Where the store has a say in
    /// it, it is settled once more.
    ///
    /// # Errors
    ///
    /// [`GetTracesError`], of which a missing ticket comes before a ticket that is not the caller's to see.
    pub async fn execute(
        &self,
        caller: &ActiveCaller,
        ticket: TicketId,
    ) -> Result<Arc<TicketHistory>, GetTracesError> {
        let (history, caller) = match self.authority {
            Authority::Caller => (self.histories.find(ticket).await?, Cow::Borrowed(caller)),
            Authority::Store => {
                let student = caller.student();
                let (history, rank) = self.histories.find_with_rank(ticket, student).await?;
                (history, Cow::Owned(cap_rank(caller, rank)?))
            }
        };
        let history = history.ok_or(GetTracesError::NoSuchTicket(ticket))?;
        ensure_may_read_traces(&caller, &history.issuer)?;
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
