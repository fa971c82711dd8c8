//! Reading the history of one ticket.

use std::{borrow::Cow, sync::Arc};

use wts_domain::{
    Access, AccessDenied, ActiveCaller, TicketHistory, TicketId, cap_rank, ensure_may_read_traces,
};

use crate::history_repository::{HistoryQuery, HistoryRepository, RepositoryError};

/// Returns a ticket's traces to callers who may read them.
#[derive(Clone)]
pub struct GetTraces {
    histories: Arc<dyn HistoryRepository>,
    rank_source: RankSource,
}

impl GetTraces {
    /// Creates the use case over these histories; it trusts the rank in a caller's token.
    pub fn new(histories: Arc<dyn HistoryRepository>) -> Self {
        Self {
            histories,
            rank_source: RankSource::Token,
        }
    }

    /// Sets the source of ranks.
    #[must_use]
    pub fn with_rank_source(self, rank_source: RankSource) -> Self {
        Self {
            rank_source,
            ..self
        }
    }

    /// Returns the history of `ticket`: all its traces, oldest first, ties by ascending id.
    ///
    /// An [`ActiveCaller`] proves that the rank in the caller's token has been checked to be active.
    ///
    /// # Errors
    ///
    /// Returns [`GetTracesError`]. If the ticket does not exist, the error is [`GetTracesError::NoSuchTicket`] for every
    /// active caller.
    pub async fn execute(
        &self,
        caller: &ActiveCaller,
        ticket: TicketId,
    ) -> Result<Arc<TicketHistory>, GetTracesError> {
        let query = self.rank_source.query(caller, ticket);
        let found = self.histories.find(&query).await?;
        let caller = self.rank_source.effective_caller(caller, found.rank)?;
        let history = found.history.ok_or(GetTracesError::NoSuchTicket(ticket))?;
        ensure_may_read_traces(&caller, &history.issuer)?;
        Ok(history)
    }
}

/// The source of a caller's rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RankSource {
    /// The token.
    #[default]
    Token,
    /// The token and the database: the lower of the two ranks counts, and a caller unknown to the database is not active.
    TokenAndDatabase,
}

impl RankSource {
    fn query(self, caller: &ActiveCaller, ticket: TicketId) -> HistoryQuery {
        let rank_of = match self {
            Self::Token => None,
            Self::TokenAndDatabase => Some(caller.student().clone()),
        };
        HistoryQuery { ticket, rank_of }
    }

    /// Returns the caller with their effective rank, given the rank `in_database`.
    fn effective_caller(
        self,
        caller: &ActiveCaller,
        in_database: Option<Access>,
    ) -> Result<Cow<'_, ActiveCaller>, AccessDenied> {
        match self {
            Self::Token => Ok(Cow::Borrowed(caller)),
            Self::TokenAndDatabase => {
                cap_rank(caller, in_database.unwrap_or(Access::Unregistered)).map(Cow::Owned)
            }
        }
    }
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
