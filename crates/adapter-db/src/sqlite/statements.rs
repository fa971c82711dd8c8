//! The statements that read histories from SQLite.

use diesel::{dsl::AsSelect, prelude::*, sqlite::Sqlite};

use crate::{
    rows::TraceRow,
    sql_types::IdValue,
    tables::{operators, students, ticket_traces, tickets, users},
};

/// Reads a ticket's issuer and its traces with the names of their operators: a [`HistoryRow`] for each trace, or one
/// without a trace if there is none. The rows are in no order.
///
/// It has no limit: SQLite returns rows as they are fetched, and would prepare the statement again for every limit that
/// is bound.
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

/// Reads a student's rank: a [`RankRow`](crate::history::RankRow), if they are registered.
#[expect(clippy::elidable_lifetime_names, reason = "the macro wants it named")]
#[diesel::dsl::auto_type]
pub(super) fn rank_of<'a>(student: &'a str) -> _ {
    users::table
        .left_join(operators::table.on(operators::sid.eq(users::sid)))
        .filter(users::sid.eq(student))
        .select((users::sid, operators::access.nullable()))
}

/// The ticket's issuer; one of its traces; the name of its operator.
pub(super) type HistoryRow = (String, Option<TraceRow<String>>, Option<String>);
