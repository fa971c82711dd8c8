//! Whole histories in and out of a database, behind the transfer ports of [`wts_app`]: the rows and the conflicts, which
//! both databases have in common.

mod conflicts;
mod rows;

pub(crate) use self::{
    conflicts::{ImportState, duplicate_id, unknown_staff},
    rows::{staff_record, ticket_record, trace_record},
};
