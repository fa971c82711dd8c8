//! The rows of a transfer, the same of both databases.

use diesel::prelude::{Queryable, Selectable};
use wts_app::{Record, RecordError, RecordId, RecordLocation};
use wts_domain::{
    Access, Category, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId, TraceId,
};

use crate::{
    history::TraceRow,
    sql_types::{DateValue, IdValue, LabelResult, StrictUtf8, TimestampValue},
    tables::tickets,
};

/// A row of `operators`, with the name from `students`.
#[derive(Queryable)]
pub(crate) struct StaffRow {
    pub(crate) wid: StrictUtf8,
    pub(crate) sid: StrictUtf8,
    pub(crate) access: LabelResult<Access>,
    pub(crate) name: Option<StrictUtf8>,
}

/// A row of `tickets`.
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

impl StaffRow {
    pub(crate) fn into_record(self) -> Result<Record, RecordError> {
        let id = StaffId::from(self.wid.0);
        let location = RecordLocation::record(RecordId::Staff(id.clone()));
        let access = known(self.access, &location, "access")?;
        let mut staff = StaffMember::new(id, StudentId::from(self.sid.0), access);
        staff.name = self.name.map(|name| name.0).unwrap_or_default();
        Ok(Record::Staff(staff))
    }
}

impl TicketRow {
    pub(crate) fn into_record(self) -> Result<Record, RecordError> {
        let id = ticket_id(self.tid, &RecordLocation::default())?;
        let location = RecordLocation::record(RecordId::Ticket(id));
        let category = known(self.category, &location, "category")?;
        let (issuer, submitted_at) = (StudentId::from(self.issuer.0), self.submitted_at.0);
        let mut ticket = Ticket::new(id, issuer, submitted_at, category, self.description.0);
        ticket.occur_at = self.occur_at.map(|time| time.0);
        ticket.notes = self.notes.map(|notes| notes.0);
        ticket.appointed_at = self.appointed_at.map(|day| day.0);
        ticket.priority = known(self.priority, &location, "priority")?;
        ticket.status = known(self.status, &location, "status")?;
        ticket.last_updated_at = self.last_updated_at.map(|time| time.0);
        Ok(Record::Ticket(ticket))
    }
}

/// The record of a row of `ticket_traces`.
pub(crate) fn trace_record(tid: IdValue, row: TraceRow<StrictUtf8>) -> Result<Record, RecordError> {
    let location = RecordLocation::record(RecordId::Trace(TraceId::new(row.opid.0)));
    let ticket = ticket_id(tid, &location)?;
    let trace = row.into_trace(ticket, String::new());
    trace.map(Record::Trace).map_err(|invalid| {
        let location = location.field(invalid.column);
        location.error(invalid.cause.to_string())
    })
}

impl From<StrictUtf8> for String {
    fn from(text: StrictUtf8) -> Self {
        text.0
    }
}

fn ticket_id(number: IdValue, location: &RecordLocation) -> Result<TicketId, RecordError> {
    TicketId::new(number.0).ok_or_else(|| {
        let problem = format!("{} is no ticket's number", number.0);
        location.field("tid").error(problem)
    })
}

fn known<T>(
    label: LabelResult<T>,
    location: &RecordLocation,
    field: &str,
) -> Result<T, RecordError> {
    let label = label.0;
    label.map_err(|unknown| location.field(field).error(unknown.to_string()))
}
