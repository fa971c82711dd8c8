//! Imports into SQLite and exports from SQLite.

mod sink;
mod source;
mod statements;

pub(crate) use sink::sink;
pub(crate) use source::source;
