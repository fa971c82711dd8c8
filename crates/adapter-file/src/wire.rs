//! The lines of a file.
//!
//! A line is written from borrowed text and read into text of its own, so the text of most of them is a parameter. `K` is
//! what becomes of `type`: it is written like any other field, and when a line is read it has been looked at before.

mod value;

use serde::{Deserialize, Serialize, de::IgnoredAny};
use wts_app::Record;
use wts_domain::{
    Access, Category, Day, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId,
    Timestamp, Trace, TraceId,
};

use self::value::Spelled;

/// The first line.
pub(crate) const HEADER: &str = r#"{"type":"header","format":"wts-histories","version":1}"#;
/// The format's name and the version that is written and read here.
pub(crate) const FORMAT: (&str, u64) = ("wts-histories", 1);

/// The most bytes that a line may have, so that no file can take all memory.
pub(crate) const LONGEST_LINE: usize = 256 * 1024 * 1024;

/// What a line is, before anything else in it is looked at.
#[derive(Deserialize)]
pub(crate) struct Kind {
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderLine {
    #[serde(rename = "type")]
    _kind: IgnoredAny,
    pub(crate) format: String,
    pub(crate) version: u64,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndLine {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) staff: u64,
    pub(crate) tickets: u64,
    pub(crate) traces: u64,
    pub(crate) sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffLine<K, S> {
    #[serde(rename = "type")]
    kind: K,
    wid: S,
    sid: S,
    access: Spelled<Access>,
    name: S,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TicketLine<K, S> {
    #[serde(rename = "type")]
    kind: K,
    tid: Spelled<TicketId>,
    issuer: S,
    submitted_at: Spelled<Timestamp>,
    category: Spelled<Category>,
    description: S,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "value::given"
    )]
    occur_at: Option<Spelled<Timestamp>>,
    #[serde(
        default = "none",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "value::given"
    )]
    notes: Option<S>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "value::given"
    )]
    appointed_at: Option<Spelled<Day>>,
    priority: Spelled<Priority>,
    status: Spelled<Status>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "value::given"
    )]
    last_updated_at: Option<Spelled<Timestamp>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceLine<K, S> {
    #[serde(rename = "type")]
    kind: K,
    opid: i64,
    tid: Spelled<TicketId>,
    updated_at: Spelled<Timestamp>,
    op: S,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "value::given"
    )]
    new_status: Option<Spelled<Status>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "value::given"
    )]
    new_priority: Option<Spelled<Priority>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "value::given"
    )]
    new_appointment: Option<Spelled<Day>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "value::given"
    )]
    new_category: Option<Spelled<Category>>,
    remark: S,
}

/// What `default` alone would ask `S` to have a default for.
fn none<T>() -> Option<T> {
    None
}

/// Adds a record's line to `line`, without a newline.
pub(crate) fn write(record: &Record, line: &mut Vec<u8>) -> serde_json::Result<()> {
    match record {
        Record::Staff(staff) => serde_json::to_writer(line, &StaffLine::from(staff)),
        Record::Ticket(ticket) => serde_json::to_writer(line, &TicketLine::from(ticket)),
        Record::Trace(trace) => serde_json::to_writer(line, &TraceLine::from(trace)),
    }
}

impl<'a> From<&'a StaffMember> for StaffLine<&'static str, &'a str> {
    fn from(staff: &'a StaffMember) -> Self {
        Self {
            kind: "staff",
            wid: staff.id.as_str(),
            sid: staff.student.as_str(),
            access: Spelled(staff.access),
            name: &staff.name,
        }
    }
}

impl From<StaffLine<IgnoredAny, String>> for StaffMember {
    fn from(line: StaffLine<IgnoredAny, String>) -> Self {
        let (id, student) = (StaffId::from(line.wid), StudentId::from(line.sid));
        let mut staff = Self::new(id, student, line.access.0);
        staff.name = line.name;
        staff
    }
}

impl<'a> From<&'a Ticket> for TicketLine<&'static str, &'a str> {
    fn from(ticket: &'a Ticket) -> Self {
        Self {
            kind: "ticket",
            tid: Spelled(ticket.id),
            issuer: ticket.issuer.as_str(),
            submitted_at: Spelled(ticket.submitted_at),
            category: Spelled(ticket.category),
            description: &ticket.description,
            occur_at: ticket.occur_at.map(Spelled),
            notes: ticket.notes.as_deref(),
            appointed_at: ticket.appointed_at.map(Spelled),
            priority: Spelled(ticket.priority),
            status: Spelled(ticket.status),
            last_updated_at: ticket.last_updated_at.map(Spelled),
        }
    }
}

impl From<TicketLine<IgnoredAny, String>> for Ticket {
    fn from(line: TicketLine<IgnoredAny, String>) -> Self {
        let issuer = StudentId::from(line.issuer);
        let (submitted_at, category) = (line.submitted_at.0, line.category.0);
        let mut ticket = Self::new(line.tid.0, issuer, submitted_at, category, line.description);
        ticket.occur_at = line.occur_at.map(|moment| moment.0);
        ticket.notes = line.notes;
        ticket.appointed_at = line.appointed_at.map(|day| day.0);
        ticket.priority = line.priority.0;
        ticket.status = line.status.0;
        ticket.last_updated_at = line.last_updated_at.map(|moment| moment.0);
        ticket
    }
}

impl<'a> From<&'a Trace> for TraceLine<&'static str, &'a str> {
    fn from(trace: &'a Trace) -> Self {
        Self {
            kind: "trace",
            opid: trace.id.get(),
            tid: Spelled(trace.ticket),
            updated_at: Spelled(trace.updated_at),
            op: trace.op.as_str(),
            new_status: trace.new_status.map(Spelled),
            new_priority: trace.new_priority.map(Spelled),
            new_appointment: trace.new_appointment.map(Spelled),
            new_category: trace.new_category.map(Spelled),
            remark: &trace.remark,
        }
    }
}

impl From<TraceLine<IgnoredAny, String>> for Trace {
    fn from(line: TraceLine<IgnoredAny, String>) -> Self {
        let (id, op) = (TraceId::new(line.opid), StaffId::from(line.op));
        let mut trace = Self::new(id, line.tid.0, line.updated_at.0, op);
        trace.new_status = line.new_status.map(|label| label.0);
        trace.new_priority = line.new_priority.map(|label| label.0);
        trace.new_appointment = line.new_appointment.map(|day| day.0);
        trace.new_category = line.new_category.map(|label| label.0);
        trace.remark = line.remark;
        trace
    }
}
