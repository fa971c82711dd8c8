//! Imports into PostgreSQL and exports from PostgreSQL.

mod columns;
mod setup;
mod sink;
mod source;
mod validate;

pub(crate) use setup::sink;
pub(crate) use source::source;
