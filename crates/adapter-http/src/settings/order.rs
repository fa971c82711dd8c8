//! The order of a history's traces.

use std::str::FromStr;

/// The order in which traces are returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Order {
    /// The oldest first, as in the API's document.
    #[default]
    Asc,
    /// The newest first, as clients of the predecessor expect.
    Desc,
}

impl FromStr for Order {
    type Err = UnknownOrder;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "asc" => Ok(Self::Asc),
            "desc" => Ok(Self::Desc),
            _ => Err(UnknownOrder),
        }
    }
}

/// A text that is neither `asc` nor `desc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected asc or desc")]
pub struct UnknownOrder;
