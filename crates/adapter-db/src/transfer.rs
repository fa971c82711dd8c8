//! Whole histories in and out of a database, behind the transfer ports of [`wts_app`]: what both databases have in common.

mod conflicts;
mod rows;

use std::path::PathBuf;

pub(crate) use self::{
    conflicts::{ImportState, duplicate_id, unknown_staff},
    rows::{StaffRow, TicketRow, trace_record},
};
use crate::error::Cause;

/// Why histories cannot be written to a database.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The SQLite file does not exist.
    #[error("there is no database file at {}", .0.display())]
    NoSuchFile(PathBuf),
    /// No connection could be made.
    #[error("cannot connect to the database")]
    Unreachable(#[source] Cause),
    /// The tables are there, but our migrations did not make them.
    #[error("this is an existing WTS database, which is only read and never written to")]
    NotOurs,
    /// The tables are missing, this role may not write to them, or somebody else does not stop writing to them.
    #[error("cannot write to the database")]
    Unwritable(#[source] Cause),
}
