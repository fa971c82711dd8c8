//! Rows, read to the letter.

use diesel::prelude::Queryable;
use wts_app::{BulkError, Place, RecordId};
use wts_domain::{
    Access, Category, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId, Trace,
    TraceId,
};

use crate::columns::{AnyWidth, ExactText, ReadLabel, StoredDay, StoredMoment};

#[derive(Queryable)]
pub(super) struct StaffRow {
    wid: ExactText,
    sid: ExactText,
    access: ReadLabel<Access>,
    name: Option<ExactText>,
}

#[derive(Queryable)]
pub(super) struct TicketRow {
    tid: AnyWidth,
    issuer: ExactText,
    submitted_at: StoredMoment,
    category: ReadLabel<Category>,
    description: ExactText,
    occur_at: Option<StoredMoment>,
    notes: Option<ExactText>,
    appointed_at: Option<StoredDay>,
    priority: ReadLabel<Priority>,
    status: ReadLabel<Status>,
    last_updated_at: Option<StoredMoment>,
}

#[derive(Queryable)]
pub(super) struct TraceRow {
    opid: AnyWidth,
    tid: AnyWidth,
    updated_at: StoredMoment,
    op: ExactText,
    new_status: Option<ReadLabel<Status>>,
    new_priority: Option<ReadLabel<Priority>>,
    new_appointment: Option<StoredDay>,
    new_category: Option<ReadLabel<Category>>,
    remark: ExactText,
}

impl StaffRow {
    pub(super) fn read(self) -> Result<StaffMember, BulkError> {
        let id = StaffId::from(self.wid.0);
        let place = at(RecordId::Staff(id.clone()));
        let access = known(self.access, &place, "access")?;
        let mut staff = StaffMember::new(id, StudentId::from(self.sid.0), access);
        staff.name = self.name.map(|name| name.0).unwrap_or_default();
        Ok(staff)
    }
}

impl TicketRow {
    pub(super) fn read(self) -> Result<Ticket, BulkError> {
        let id = ticket_id(self.tid, &Place::default())?;
        let place = at(RecordId::Ticket(id));
        let category = known(self.category, &place, "category")?;
        let mut ticket = Ticket::new(
            id,
            StudentId::from(self.issuer.0),
            self.submitted_at.0,
            category,
            self.description.0,
        );
        ticket.occur_at = self.occur_at.map(|moment| moment.0);
        ticket.notes = self.notes.map(|notes| notes.0);
        ticket.appointed_at = self.appointed_at.map(|day| day.0);
        ticket.priority = known(self.priority, &place, "priority")?;
        ticket.status = known(self.status, &place, "status")?;
        ticket.last_updated_at = self.last_updated_at.map(|moment| moment.0);
        Ok(ticket)
    }
}

impl TraceRow {
    pub(super) fn read(self) -> Result<Trace, BulkError> {
        let id = TraceId::new(self.opid.0);
        let place = at(RecordId::Trace(id));
        let ticket = ticket_id(self.tid, &place)?;
        let mut trace = Trace::new(id, ticket, self.updated_at.0, StaffId::from(self.op.0));
        trace.new_status = known_or_null(self.new_status, &place, "new_status")?;
        trace.new_priority = known_or_null(self.new_priority, &place, "new_priority")?;
        trace.new_appointment = self.new_appointment.map(|day| day.0);
        trace.new_category = known_or_null(self.new_category, &place, "new_category")?;
        trace.remark = self.remark.0;
        Ok(trace)
    }
}

fn at(record: RecordId) -> Place {
    Place {
        record: Some(record),
        ..Place::default()
    }
}

fn ticket_id(number: AnyWidth, place: &Place) -> Result<TicketId, BulkError> {
    TicketId::new(number.0).ok_or_else(|| {
        let problem = format!("{} is no ticket's number", number.0);
        BulkError::BadRecord(place.clone().field("tid").fault(problem))
    })
}

fn known<T>(label: ReadLabel<T>, place: &Place, field: &str) -> Result<T, BulkError> {
    label.0.map_err(|unknown| {
        BulkError::BadRecord(place.clone().field(field).fault(unknown.to_string()))
    })
}

fn known_or_null<T>(
    label: Option<ReadLabel<T>>,
    place: &Place,
    field: &str,
) -> Result<Option<T>, BulkError> {
    label.map(|label| known(label, place, field)).transpose()
}
