//! Row types, one for each table, for both PostgreSQL and SQLite.

use diesel::prelude::{Queryable, Selectable};
use wts_domain::{
    Access, Category, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId, Trace,
    TraceId,
};

use crate::{
    error::Cause,
    sql_types::{DateValue, IdValue, LabelResult, StrictUtf8, TimestampValue},
    tables::{ticket_traces, tickets},
};

/// A row of the table `operators`, with the name from the table `students`.
#[derive(Queryable)]
pub(crate) struct StaffRow {
    pub(crate) wid: StrictUtf8,
    pub(crate) sid: StrictUtf8,
    pub(crate) access: LabelResult<Access>,
    pub(crate) name: Option<StrictUtf8>,
}

/// A row of the table `tickets`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = tickets)]
pub(crate) struct TicketRow {
    pub(crate) tid: IdValue,
    pub(crate) issuer: StrictUtf8,
    pub(crate) submitted_at: TimestampValue,
    pub(crate) category: LabelResult<Category>,
    pub(crate) description: StrictUtf8,
    pub(crate) occur_at: Option<TimestampValue>,
    pub(crate) notes: Option<StrictUtf8>,
    pub(crate) appointed_at: Option<DateValue>,
    pub(crate) priority: LabelResult<Priority>,
    pub(crate) status: LabelResult<Status>,
    pub(crate) last_updated_at: Option<TimestampValue>,
}

/// A row of the table `ticket_traces`, without the column `tid`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = ticket_traces)]
pub(crate) struct TraceRow<T> {
    pub(crate) opid: IdValue,
    pub(crate) updated_at: TimestampValue,
    pub(crate) op: T,
    pub(crate) new_status: Option<LabelResult<Status>>,
    pub(crate) new_priority: Option<LabelResult<Priority>>,
    pub(crate) new_appointment: Option<DateValue>,
    pub(crate) new_category: Option<LabelResult<Category>>,
    pub(crate) remark: T,
}

impl StaffRow {
    pub(crate) fn into_staff(self) -> Result<StaffMember, InvalidColumn> {
        let access = label(self.access, "operators", "access")?;
        let (id, student) = (StaffId::from(self.wid.0), StudentId::from(self.sid.0));
        let mut staff = StaffMember::new(id, student, access);
        staff.name = self.name.map(String::from).unwrap_or_default();
        Ok(staff)
    }
}

impl TicketRow {
    /// Converts the row to a ticket with this id.
    pub(crate) fn into_ticket(self, id: TicketId) -> Result<Ticket, InvalidColumn> {
        let category = label(self.category, "tickets", "category")?;
        let (issuer, submitted_at) = (StudentId::from(self.issuer.0), self.submitted_at.0);
        let mut ticket = Ticket::new(id, issuer, submitted_at, category, self.description.0);
        ticket.occur_at = self.occur_at.map(|time| time.0);
        ticket.notes = self.notes.map(String::from);
        ticket.appointed_at = self.appointed_at.map(|day| day.0);
        ticket.priority = label(self.priority, "tickets", "priority")?;
        ticket.status = label(self.status, "tickets", "status")?;
        ticket.last_updated_at = self.last_updated_at.map(|time| time.0);
        Ok(ticket)
    }
}

impl<T: Into<String>> TraceRow<T> {
    /// Converts the row to a trace of this ticket.
    pub(crate) fn into_trace(self, ticket: TicketId) -> Result<Trace, InvalidColumn> {
        let (id, op) = (TraceId::new(self.opid.0), StaffId::from(self.op.into()));
        let mut trace = Trace::new(id, ticket, self.updated_at.0, op);
        trace.new_status = changed(self.new_status, "new_status", id)?;
        trace.new_priority = changed(self.new_priority, "new_priority", id)?;
        trace.new_appointment = self.new_appointment.map(|day| day.0);
        trace.new_category = changed(self.new_category, "new_category", id)?;
        trace.remark = self.remark.into();
        Ok(trace)
    }
}

fn label<T>(
    label: LabelResult<T>,
    table: &'static str,
    column: &'static str,
) -> Result<T, InvalidColumn> {
    label.0.map_err(|cause| InvalidColumn {
        trace: None,
        table,
        column,
        cause,
    })
}

fn changed<T>(
    value: Option<LabelResult<T>>,
    column: &'static str,
    trace: TraceId,
) -> Result<Option<T>, InvalidColumn> {
    value
        .map(|value| label(value, "ticket_traces", column))
        .transpose()
        .map_err(|error| InvalidColumn {
            trace: Some(trace),
            ..error
        })
}

/// The error for a column with a label that the domain crate does not know, for example a label of a newer schema.
#[derive(Debug, thiserror::Error)]
#[error("invalid value in column wts.{table}.{column}{}", of_trace(*trace))]
pub(crate) struct InvalidColumn {
    /// The id of the trace, if the record is one.
    trace: Option<TraceId>,
    table: &'static str,
    pub(crate) column: &'static str,
    #[source]
    pub(crate) cause: Cause,
}

fn of_trace(trace: Option<TraceId>) -> String {
    trace.map_or_else(String::new, |trace| format!(" of trace {trace}"))
}
