//! The statements of a transfer, each column once for reading and once for writing.

use diesel::prelude::*;
use wts_domain::{Ticket, Trace};

use crate::{
    sql_types::{DateValue, IdValue, LabelParam, TimestampValue},
    tables::{operators, students, ticket_traces, tickets},
};

/// The staff with their names.
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

/// All columns of the tickets.
#[diesel::dsl::auto_type]
pub(super) fn select_tickets() -> _ {
    tickets::table.select((
        tickets::tid,
        tickets::issuer,
        tickets::submitted_at,
        tickets::category,
        tickets::description,
        tickets::occur_at,
        tickets::notes,
        tickets::appointed_at,
        tickets::priority,
        tickets::status,
        tickets::last_updated_at,
    ))
}

/// All columns of the traces.
#[diesel::dsl::auto_type]
pub(super) fn select_traces() -> _ {
    ticket_traces::table.select((
        ticket_traces::opid,
        ticket_traces::tid,
        ticket_traces::updated_at,
        ticket_traces::op,
        ticket_traces::new_status,
        ticket_traces::new_priority,
        ticket_traces::new_appointment,
        ticket_traces::new_category,
        ticket_traces::remark,
    ))
}

/// Inserts a ticket, unless its number is taken: how many were inserted. Diesel knows the statement by its type; with
/// `ON CONFLICT`, which says the same, it would write the text anew for every row.
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

/// Inserts a trace, unless its number is taken: how many were inserted.
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

/// Inserts a student, unless their number is taken: how many were inserted.
pub(super) fn insert_student(
    connection: &mut SqliteConnection,
    sid: &str,
    name: &str,
) -> QueryResult<usize> {
    diesel::insert_or_ignore_into(students::table)
        .values((students::sid.eq(sid), students::name.eq(name)))
        .execute(connection)
}
