//! The order of a history's traces.

use strum::EnumString;
use utoipa::ToSchema;

/// The order in which traces are returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, ToSchema)]
#[schema(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = UnknownOrder, parse_err_fn = unknown)]
pub enum Order {
    /// The oldest first, as in the API's document.
    #[default]
    Asc,
    /// The newest first, as clients of the predecessor expect.
    Desc,
}

/// A text that is neither `asc` nor `desc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected asc or desc")]
pub struct UnknownOrder;

fn unknown(_: &str) -> UnknownOrder {
    UnknownOrder
}
