//! The rows of a transfer, the same of both databases.

use diesel::prelude::Queryable;
use wts_app::{Record, RecordError, RecordId, RecordLocation};
use wts_domain::{
    Access, Category, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId, Trace,
    TraceId,
};

use crate::sql_types::{DateValue, IdValue, LabelResult, StrictUtf8, TimestampValue};

/// A row of `operators`, with the name from `students`.
#[derive(Queryable)]
pub(crate) struct StaffRow {
    pub(crate) wid: StrictUtf8,
    pub(crate) sid: StrictUtf8,
    pub(crate) access: LabelResult<Access>,
    pub(crate) name: Option<StrictUtf8>,
}

/// A row of `tickets`.
#[derive(Queryable)]
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

/// A row of `ticket_traces`.
#[derive(Queryable)]
pub(crate) struct TraceRow {
    pub(crate) opid: IdValue,
    pub(crate) tid: IdValue,
    pub(crate) updated_at: TimestampValue,
    pub(crate) op: StrictUtf8,
    pub(crate) new_status: Option<LabelResult<Status>>,
    pub(crate) new_priority: Option<LabelResult<Priority>>,
    pub(crate) new_appointment: Option<DateValue>,
    pub(crate) new_category: Option<LabelResult<Category>>,
    pub(crate) remark: StrictUtf8,
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

impl TraceRow {
    pub(crate) fn into_record(self) -> Result<Record, RecordError> {
        let id = TraceId::new(self.opid.0);
        let location = RecordLocation::record(RecordId::Trace(id));
        let ticket = ticket_id(self.tid, &location)?;
        let mut trace = Trace::new(id, ticket, self.updated_at.0, StaffId::from(self.op.0));
        trace.new_status = known_or_null(self.new_status, &location, "new_status")?;
        trace.new_priority = known_or_null(self.new_priority, &location, "new_priority")?;
        trace.new_appointment = self.new_appointment.map(|day| day.0);
        trace.new_category = known_or_null(self.new_category, &location, "new_category")?;
        trace.remark = self.remark.0;
        Ok(Record::Trace(trace))
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

fn known_or_null<T>(
    label: Option<LabelResult<T>>,
    location: &RecordLocation,
    field: &str,
) -> Result<Option<T>, RecordError> {
    label.map(|label| known(label, location, field)).transpose()
}
