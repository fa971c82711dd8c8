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
    /// The use case over these histories, which trusts the rank in a caller's token.
    pub fn new(histories: Arc<dyn HistoryRepository>) -> Self {
        Self {
            histories,
            rank_source: RankSource::Token,
        }
    }

    /// The use case with another source of ranks.
    #[must_use]
    pub fn with_rank_source(self, rank_source: RankSource) -> Self {
        Self {
            rank_source,
            ..self
        }
    }

    /// Returns the history of `ticket`: all its traces, oldest first, ties by ascending id.
    ///
    /// That the caller's token is of an active rank has been checked before: an [`ActiveCaller`] is the proof.
    ///
    /// # Errors
    ///
    /// [`GetTracesError`]; that a ticket is missing is reported before that it is not the caller's.
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

/// Where a caller's rank comes from.
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

    /// The caller with the rank that counts, where the database returned `in_database`.
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

/// Why there are no traces to return.
#[derive(Debug, thiserror::Error)]
pub enum GetTracesError {
    /// There is no such ticket.
    #[error("there is no ticket {0}")]
    NoSuchTicket(TicketId),
    /// The caller may not read them.
    #[error(transparent)]
    Denied(#[from] AccessDenied),
    /// The repository failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

#[cfg(test)]
mod tests;
