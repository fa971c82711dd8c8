//! What SQLite is asked.

use diesel::prelude::*;

use super::tables::{operators, students, ticket_traces, tickets, users};
use crate::{columns::AnyWidth, history::TraceRow};

/// Reads a ticket's issuer and its traces with the names of those who did them: a [`HistoryRow`] for each trace, and one
/// without a trace where there is none. The rows are in no order.
///
/// It has no limit. SQLite hands over rows as they are asked for, and would prepare the statement again for every limit
/// that is bound.
#[diesel::dsl::auto_type]
pub(super) fn history_of(ticket: AnyWidth) -> _ {
    tickets::table
        .left_join(ticket_traces::table.on(ticket_traces::tid.eq(tickets::tid)))
        .left_join(operators::table.on(operators::wid.nullable().eq(ticket_traces::op.nullable())))
        .left_join(students::table.on(students::sid.nullable().eq(operators::sid.nullable())))
        .filter(tickets::tid.eq(ticket))
        .select((
            tickets::issuer,
            (
                ticket_traces::opid,
                ticket_traces::updated_at,
                ticket_traces::op,
                ticket_traces::new_status,
                ticket_traces::new_priority,
                ticket_traces::new_appointment,
                ticket_traces::new_category,
                ticket_traces::remark,
            )
                .nullable(),
            students::name.nullable(),
        ))
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

/// The ticket's issuer; one of its traces; the name of who did it.
pub(super) type HistoryRow = (String, Option<TraceRow>, Option<String>);
