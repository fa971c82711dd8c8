//! The statements of an import or export.

use diesel::{dsl::AsSelect, prelude::*, sqlite::Sqlite};
use wts_domain::{Ticket, Trace};

use crate::{
    rows::{TicketRow, TraceRow},
    sql_types::{DateValue, IdValue, LabelParam, StrictUtf8, TimestampValue},
    tables::{operators, students, ticket_traces, tickets},
};

/// Selects the staff members with their names.
#[diesel::dsl::auto_type]
pub(super) fn select_staff() -> _ {
    operators::table
        .left_join(students::table.on(students::sid.eq(operators::sid)))
        .select((
            operators::wid,
            operators::sid,
            operators::access,
            students::name.nullable(),
        ))
        .order(operators::wid)
}

/// Selects all columns of tickets.
#[diesel::dsl::auto_type]
pub(super) fn select_tickets() -> _ {
    let columns: AsSelect<TicketRow, Sqlite> = TicketRow::as_select();
    tickets::table.select(columns)
}

/// Selects the ticket id and all columns of traces.
#[diesel::dsl::auto_type]
pub(super) fn select_traces() -> _ {
    let columns: AsSelect<TraceRow<StrictUtf8>, Sqlite> = TraceRow::<StrictUtf8>::as_select();
    ticket_traces::table.select((ticket_traces::tid, columns))
}

/// Inserts a ticket unless its id exists, and returns the number of inserted rows. Diesel caches this statement by its
/// type; with `ON CONFLICT`, diesel would build the SQL again for every row.
pub(super) fn insert_ticket(
    connection: &mut SqliteConnection,
    ticket: &Ticket,
) -> QueryResult<usize> {
    diesel::insert_or_ignore_into(tickets::table)
        .values((
            tickets::tid.eq(IdValue(ticket.id.get())),
            tickets::issuer.eq(ticket.issuer.as_str()),
            tickets::submitted_at.eq(TimestampValue(ticket.submitted_at)),
            tickets::category.eq(LabelParam(ticket.category)),
            tickets::description.eq(&ticket.description),
            tickets::occur_at.eq(ticket.occur_at.map(TimestampValue)),
            tickets::notes.eq(&ticket.notes),
            tickets::appointed_at.eq(ticket.appointed_at.map(DateValue)),
            tickets::priority.eq(LabelParam(ticket.priority)),
            tickets::status.eq(LabelParam(ticket.status)),
            tickets::last_updated_at.eq(ticket.last_updated_at.map(TimestampValue)),
        ))
        .execute(connection)
}

/// Inserts a trace unless its id exists, and returns the number of inserted rows.
pub(super) fn insert_trace(connection: &mut SqliteConnection, trace: &Trace) -> QueryResult<usize> {
    diesel::insert_or_ignore_into(ticket_traces::table)
        .values((
            ticket_traces::opid.eq(IdValue(trace.id.get())),
            ticket_traces::tid.eq(IdValue(trace.ticket.get())),
            ticket_traces::updated_at.eq(TimestampValue(trace.updated_at)),
            ticket_traces::op.eq(trace.op.as_str()),
            ticket_traces::new_status.eq(trace.new_status.map(LabelParam)),
            ticket_traces::new_priority.eq(trace.new_priority.map(LabelParam)),
            ticket_traces::new_appointment.eq(trace.new_appointment.map(DateValue)),
            ticket_traces::new_category.eq(trace.new_category.map(LabelParam)),
            ticket_traces::remark.eq(&trace.remark),
        ))
        .execute(connection)
}

/// Inserts a student unless the student number exists, and returns the number of inserted rows.
pub(super) fn insert_student(
    connection: &mut SqliteConnection,
    sid: &str,
    name: &str,
) -> QueryResult<usize> {
    diesel::insert_or_ignore_into(students::table)
        .values((students::sid.eq(sid), students::name.eq(name)))
        .execute(connection)
}
