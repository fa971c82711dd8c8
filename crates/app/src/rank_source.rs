//! The place where the ranks of callers are stored.

use std::borrow::Cow;

use wts_domain::{Access, AccessDenied, ActiveCaller, StudentId, cap_rank};

/// The place where a caller's rank is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RankSource {
    /// The rank is the one in the token.
    #[default]
    Token,
    /// The rank is the lower of the rank in the token and the rank in the database. Callers that are not in the
    /// database are not active.
    TokenAndDatabase,
}

impl RankSource {
    /// Returns the student whose rank is read from the database; `None` if the rank in the token is sufficient.
    pub(crate) fn rank_of(self, caller: &ActiveCaller) -> Option<StudentId> {
        match self {
            Self::Token => None,
            Self::TokenAndDatabase => Some(caller.student().clone()),
        }
    }

    /// Returns the caller with the rank that the access policy uses. `in_database` is the caller's rank in the
    /// database.
    pub(crate) fn effective_caller(
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
