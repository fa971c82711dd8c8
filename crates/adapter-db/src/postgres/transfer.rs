//! Whole histories in and out of PostgreSQL.

mod columns;
mod setup;
mod sink;
mod source;
mod validate;

pub(crate) use setup::sink;
pub(crate) use source::source;
