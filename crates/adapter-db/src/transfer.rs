//! The parts of imports and exports that PostgreSQL and SQLite share: converting rows to records, and detecting
//! conflicts.

mod conflicts;
mod rows;

pub(crate) use self::{
    conflicts::{ImportState, duplicate_id, unknown_staff},
    rows::{send, staff_record, ticket_record, trace_record},
};
