//! The statements that read histories from SQLite.

use diesel::{
    dsl::{AsSelect, sql},
    prelude::*,
    sqlite::Sqlite,
};
use wts_app::FeedFilter;

use crate::{
    rows::TraceRow,
    sql_types::{IdColumn, IdValue, LabelParam, TimestampValue},
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

/// Reads the access rank of a student. Returns a [`RankRow`](crate::history::RankRow) if the student is registered.
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

/// Reads the issuers of tickets.
#[diesel::dsl::auto_type]
pub(super) fn issuers_of(tickets: Vec<IdValue>) -> _ {
    tickets::table
        .filter(tickets::tid.eq_any(tickets))
        .select((tickets::tid, tickets::issuer))
}

/// A range of traces, and the conditions that they must meet.
#[derive(Debug, Clone, Copy)]
pub(super) struct TraceRange<'a> {
    pub(super) filter: &'a FeedFilter,
    /// The id above which the range begins.
    pub(super) low: i64,
    /// The last id of the range.
    pub(super) high: i64,
    pub(super) is_descending: bool,
}

/// The offset of the last trace that is scanned for a page without a filter by tickets, which scans at most 50,000 traces.
const LAST_SCANNED: i64 = 49_999;

/// The ticket of a trace; the name of its operator; the trace.
pub(super) type TraceOfTicket = (IdValue, Option<String>, TraceRow<String>);

impl TraceRange<'_> {
    /// Returns the id of the last trace that is scanned, if the range has more traces than that.
    pub(super) fn scan_bound(
        &self,
        connection: &mut SqliteConnection,
    ) -> QueryResult<Option<IdValue>> {
        let ids = ticket_traces::table
            .select(ticket_traces::opid)
            .filter(ticket_traces::opid.gt(IdValue(self.low)))
            .filter(ticket_traces::opid.le(IdValue(self.high)))
            .offset(LAST_SCANNED)
            .limit(1)
            .into_boxed();
        let ids = if self.is_descending {
            ids.order(ticket_traces::opid.desc())
        } else {
            ids.order(ticket_traces::opid.asc())
        };
        ids.first(connection).optional()
    }

    /// Reads at most `limit` traces.
    pub(super) fn traces(
        &self,
        connection: &mut SqliteConnection,
        limit: i64,
    ) -> QueryResult<Vec<TraceOfTicket>> {
        let filter = self.filter;
        let trace: AsSelect<TraceRow<String>, Sqlite> = TraceRow::<String>::as_select();
        let mut traces = ticket_traces::table
            .left_join(operators::table.on(operators::wid.eq(ticket_traces::op)))
            .left_join(students::table.on(students::sid.nullable().eq(operators::sid.nullable())))
            .select((ticket_traces::tid, students::name.nullable(), trace))
            .limit(limit)
            .into_boxed();
        // The unary plus prevents SQLite from scanning all traces in the order of their ids for those of a few tickets.
        let id = || match filter.tickets {
            Some(_) => sql::<IdColumn>("+ticket_traces.opid"),
            None => sql::<IdColumn>("ticket_traces.opid"),
        };
        traces = traces
            .filter(id().gt(IdValue(self.low)))
            .filter(id().le(IdValue(self.high)));
        traces = if self.is_descending {
            traces.order(id().desc())
        } else {
            traces.order(id().asc())
        };
        if let Some(tickets) = &filter.tickets {
            let tickets = tickets.iter().map(|ticket| IdValue(ticket.get()));
            traces = traces.filter(ticket_traces::tid.eq_any(tickets));
        }
        if let Some(since) = filter.since {
            traces = traces.filter(ticket_traces::updated_at.ge(TimestampValue(since)));
        }
        if let Some(until) = filter.until {
            traces = traces.filter(ticket_traces::updated_at.lt(TimestampValue(until)));
        }
        if let Some(op) = &filter.op {
            traces = traces.filter(ticket_traces::op.eq(op.as_str()));
        }
        if !filter.statuses.is_empty() {
            let labels = filter.statuses.iter().copied().map(LabelParam);
            traces = traces.filter(ticket_traces::new_status.eq_any(labels));
        }
        if !filter.priorities.is_empty() {
            let labels = filter.priorities.iter().copied().map(LabelParam);
            traces = traces.filter(ticket_traces::new_priority.eq_any(labels));
        }
        if !filter.categories.is_empty() {
            let labels = filter.categories.iter().copied().map(LabelParam);
            traces = traces.filter(ticket_traces::new_category.eq_any(labels));
        }
        traces.load(connection)
    }
}
