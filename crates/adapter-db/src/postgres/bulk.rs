//! Whole histories in and out of PostgreSQL.

mod copy;
mod lookups;
mod rows;
mod sink;
mod source;
mod storable;

pub(crate) use sink::sink;
pub(crate) use source::source;
