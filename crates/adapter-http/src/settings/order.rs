//! The order of the traces in a response.

use strum::EnumString;
use utoipa::ToSchema;

/// The order in which a response lists traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, ToSchema)]
#[schema(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = UnknownOrder, parse_err_fn = unknown)]
pub enum Order {
    /// Oldest first, which is the default in the API document.
    #[default]
    Asc,
    /// Newest first, which is the default of the WTS v3 service.
    Desc,
}

/// The error for a string that is neither `asc` nor `desc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected asc or desc")]
pub struct UnknownOrder;

fn unknown(_: &str) -> UnknownOrder {
    UnknownOrder
}
