//! Rows of our own schema and of the WTS v3 database: with 64 or 32 bits, text or enums, the statements make them alike.

use std::{error::Error, str::FromStr};

use tokio_postgres::{
    Row,
    types::{FromSql, Type},
};
use wts_app::{BulkError, Place, RecordId};
use wts_domain::{
    Day, StaffId, StaffMember, StudentId, Ticket, TicketId, Timestamp, Trace, TraceId,
};

/// What [`staff`] reads. The tables are called `o` and `s`.
pub(super) const STAFF: &str = "select o.wid, o.sid, o.access::text, coalesce(s.name, '')
    from wts.operators o left join data.students s on s.sid = o.sid";

/// What [`ticket`] reads. The table is called `k`.
pub(super) const TICKETS: &str = "select k.tid::bigint, k.issuer, k.submitted_at, k.category::text, k.description,
    k.occur_at, k.notes, k.appointed_at, k.priority::text, k.status::text, k.last_updated_at from wts.tickets k";

/// What [`trace`] reads. The table is called `t`.
pub(super) const TRACES: &str = "select t.opid::bigint, t.tid::bigint, t.updated_at, t.op, t.new_status::text,
    t.new_priority::text, t.new_appointment, t.new_category::text, t.remark from wts.ticket_traces t";

/// A moment in PostgreSQL's binary form, which is the very number that [`Timestamp`] counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(pub(super) Timestamp);

impl<'a> FromSql<'a> for Moment {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_be_bytes(bytes.try_into()?);
        Ok(Self(Timestamp::from_micros_since_2000(micros)))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TIMESTAMPTZ
    }
}

/// A day in PostgreSQL's binary form, which is the very number that [`Day`] counts.
#[derive(Debug, Clone, Copy)]
struct CalendarDay(Day);

impl<'a> FromSql<'a> for CalendarDay {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let days = i32::from_be_bytes(bytes.try_into()?);
        Ok(Self(Day::from_days_since_2000(days)))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::DATE
    }
}

pub(super) fn staff(row: &Row) -> Result<StaffMember, BulkError> {
    let mut columns = Columns::of(row);
    let id = StaffId::from(columns.text()?);
    columns.place.record = Some(RecordId::Staff(id.clone()));
    let student = StudentId::from(columns.text()?);
    let mut staff = StaffMember::new(id, student, columns.label("access")?);
    staff.name = columns.text()?;
    Ok(staff)
}

pub(super) fn ticket(row: &Row) -> Result<Ticket, BulkError> {
    let mut columns = Columns::of(row);
    let id = columns.ticket_id()?;
    columns.place.record = Some(RecordId::Ticket(id));
    let issuer = StudentId::from(columns.text()?);
    let submitted_at = columns.next::<Moment>()?.0;
    let category = columns.label("category")?;
    let mut ticket = Ticket::new(id, issuer, submitted_at, category, columns.text()?);
    ticket.occur_at = columns.next::<Option<Moment>>()?.map(|moment| moment.0);
    ticket.notes = columns.next()?;
    ticket.appointed_at = columns.next::<Option<CalendarDay>>()?.map(|day| day.0);
    ticket.priority = columns.label("priority")?;
    ticket.status = columns.label("status")?;
    ticket.last_updated_at = columns.next::<Option<Moment>>()?.map(|moment| moment.0);
    Ok(ticket)
}

pub(super) fn trace(row: &Row) -> Result<Trace, BulkError> {
    let mut columns = Columns::of(row);
    let id = TraceId::new(columns.next()?);
    columns.place.record = Some(RecordId::Trace(id));
    let ticket = columns.ticket_id()?;
    let updated_at = columns.next::<Moment>()?.0;
    let mut trace = Trace::new(id, ticket, updated_at, StaffId::from(columns.text()?));
    trace.new_status = columns.label_or_null("new_status")?;
    trace.new_priority = columns.label_or_null("new_priority")?;
    trace.new_appointment = columns.next::<Option<CalendarDay>>()?.map(|day| day.0);
    trace.new_category = columns.label_or_null("new_category")?;
    trace.remark = columns.text()?;
    Ok(trace)
}

/// A row's columns, one after the other.
struct Columns<'a> {
    row: &'a Row,
    next: usize,
    place: Place,
}

impl<'a> Columns<'a> {
    fn of(row: &'a Row) -> Self {
        Self {
            row,
            next: 0,
            place: Place::default(),
        }
    }

    fn next<T: FromSql<'a>>(&mut self) -> Result<T, BulkError> {
        let column = self.next;
        self.next += 1;
        self.row.try_get(column).map_err(super::source::failed)
    }

    fn text(&mut self) -> Result<String, BulkError> {
        self.next()
    }

    fn ticket_id(&mut self) -> Result<TicketId, BulkError> {
        let number = self.next()?;
        TicketId::new(number).ok_or_else(|| {
            let problem = format!("{number} is no ticket's number");
            BulkError::BadRecord(self.place.clone().field("tid").fault(problem))
        })
    }

    fn label<T: FromStr<Err: Error>>(&mut self, field: &str) -> Result<T, BulkError> {
        let label: &str = self.next()?;
        self.known(label, field)
    }

    fn label_or_null<T: FromStr<Err: Error>>(
        &mut self,
        field: &str,
    ) -> Result<Option<T>, BulkError> {
        let label: Option<&str> = self.next()?;
        label.map(|label| self.known(label, field)).transpose()
    }

    fn known<T: FromStr<Err: Error>>(&self, label: &str, field: &str) -> Result<T, BulkError> {
        label.parse().map_err(|unknown: T::Err| {
            let place = self.place.clone().field(field);
            BulkError::BadRecord(place.fault(unknown.to_string()))
        })
    }
}
