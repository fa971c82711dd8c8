//! Whole histories in and out of SQLite.

mod sink;
mod source;
mod statements;

pub(crate) use sink::sink;
pub(crate) use source::source;
