//! The use case that returns the history of one ticket.

use std::{borrow::Cow, sync::Arc};

use wts_domain::{
    Access, AccessDenied, ActiveCaller, TicketHistory, TicketId, cap_rank, ensure_may_read_traces,
};

use crate::history_repository::{HistoryQuery, HistoryRepository, RepositoryError};

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
        let query = self.rank_source.query(caller, ticket);
        let found = self.histories.find(&query).await?;
        let caller = self.rank_source.effective_caller(caller, found.rank)?;
        let history = found.history.ok_or(GetTracesError::NoSuchTicket(ticket))?;
        ensure_may_read_traces(&caller, &history.issuer)?;
        Ok(history)
    }
}

/// The place where a caller's rank is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RankSource {
    /// The rank is the one in the token.
    #[default]
    Token,
    /// The rank is the lower of the rank in the token and the rank in the database. A caller who is not in the database
    /// is not active.
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

    /// Returns the caller with the rank that the access policy uses. `in_database` is the caller's rank in the
    /// database.
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
