//! The statements that read histories from SQLite.

use diesel::{dsl::AsSelect, prelude::*, sqlite::Sqlite};

use crate::{
    rows::TraceRow,
    sql_types::IdValue,
    tables::{operators, students, ticket_traces, tickets, users},
};

/// Reads the issuer of a ticket and its traces with the names of their operators. Returns a [`HistoryRow`] for each
/// trace, or one row without a trace if the ticket has none. The rows are unordered.
///
/// The statement has no `LIMIT`: SQLite fetches rows one at a time, so the caller can stop early. A bound limit would
/// make diesel prepare the statement again for every value.
#[diesel::dsl::auto_type]
pub(super) fn history_of(ticket: IdValue) -> _ {
    let trace: AsSelect<Option<TraceRow<String>>, Sqlite> = Option::<TraceRow<String>>::as_select();
    tickets::table
        .left_join(ticket_traces::table.on(ticket_traces::tid.eq(tickets::tid)))
        .left_join(operators::table.on(operators::wid.nullable().eq(ticket_traces::op.nullable())))
        .left_join(students::table.on(students::sid.nullable().eq(operators::sid.nullable())))
        .filter(tickets::tid.eq(ticket))
        .select((tickets::issuer, trace, students::name.nullable()))
}

/// Reads the rank of a student. Returns a [`RankRow`](crate::history::RankRow) if the student is registered.
#[expect(clippy::elidable_lifetime_names, reason = "the macro wants it named")]
#[diesel::dsl::auto_type]
pub(super) fn rank_of<'a>(student: &'a str) -> _ {
    users::table
        .left_join(operators::table.on(operators::sid.eq(users::sid)))
        .filter(users::sid.eq(student))
        .select((users::sid, operators::access.nullable()))
}

/// The columns of [`history_of()`]: the issuer of the ticket, a trace, and the name of its operator.
pub(super) type HistoryRow = (String, Option<TraceRow<String>>, Option<String>);
