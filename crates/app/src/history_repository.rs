//! The port to wherever ticket histories are kept.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use wts_domain::{Access, StudentId, TicketHistory, TicketId};

/// Reads whole ticket histories.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait HistoryRepository: Send + Sync {
    /// The issuer of `ticket` and all its traces, oldest first, ties by ascending id; `None` where there is no such
    /// ticket. What was committed before the call is in the answer. Others who asked at the same time may share it.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`] if the store could not answer.
    async fn find(&self, ticket: TicketId) -> Result<Option<Arc<TicketHistory>>, RepositoryError>;

    /// The same, and the rank that the store gives `student`, which is as fresh and costs no conversation of its own: what
    /// their staff record says, or else [`Access::User`]; and [`Access::Unregistered`] where the store does not know them,
    /// or knows a rank that is none of ours.
    ///
    /// # Errors
    ///
    /// [`RepositoryError`] if the store could not answer.
    async fn find_with_rank(
        &self,
        ticket: TicketId,
        student: &StudentId,
    ) -> Result<(Option<Arc<TicketHistory>>, Access), RepositoryError>;
}

/// Why a store gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The store is well but has more to do than it can take on; asking again in a moment may succeed.
    #[error("the store has more to do than it can take on")]
    Busy,
    /// The store failed: it is down, cannot be reached, refused the query or holds what cannot be read.
    #[error("the store failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}
