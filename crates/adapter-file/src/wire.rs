//! The JSON format of the lines of a file.
//!
//! Each record type has a line type that lists its fields. Serde's `remote` derive converts between the line types and
//! the types of the domain crate.

mod value;

use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use serde_json::Serializer;
use wts_app::{Counts, Record};
use wts_domain::{
    Access, Category, Date, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId,
    Timestamp, Trace, TraceId,
};

/// The first line of a file.
pub(crate) const HEADER: &str = r#"{"type":"header","format":"wts-histories","version":1}"#;
/// The name of the format, and the version that this crate reads and writes.
pub(crate) const FORMAT: (&str, u64) = ("wts-histories", 1);

/// The maximum length of a line, which limits the memory of a reader.
pub(crate) const MAX_LINE_BYTES: usize = 256 * 1024 * 1024;

/// The `type` field of a line, which is parsed before the rest of the line.
#[derive(Deserialize)]
pub(crate) struct Kind {
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// The `type` field of a parsed line. Its value is ignored, because [`Kind`] has already been parsed.
#[derive(Serialize)]
#[serde(transparent)]
struct Type(&'static str);

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(""))
    }
}

impl Type {
    fn of_staff(_: &StaffMember) -> Self {
        Self("staff")
    }

    fn of_ticket(_: &Ticket) -> Self {
        Self("ticket")
    }

    fn of_trace(_: &Trace) -> Self {
        Self("trace")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderLine {
    #[serde(rename = "type")]
    _type: Type,
    pub(crate) format: String,
    pub(crate) version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndLine {
    #[serde(rename = "type")]
    _type: Type,
    pub(crate) staff: u64,
    pub(crate) tickets: u64,
    pub(crate) traces: u64,
    pub(crate) sha256: String,
}

impl EndLine {
    pub(crate) fn new(counts: Counts, sha256: String) -> Self {
        let Counts {
            staff,
            tickets,
            traces,
        } = counts;
        Self {
            _type: Type("end"),
            staff,
            tickets,
            traces,
            sha256,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StaffMember", deny_unknown_fields)]
struct StaffLine {
    #[serde(rename = "type", getter = "Type::of_staff")]
    _type: Type,
    #[serde(rename = "wid")]
    id: StaffId,
    #[serde(rename = "sid")]
    student: StudentId,
    #[serde(with = "value")]
    access: Access,
    name: String,
}

impl From<StaffLine> for StaffMember {
    fn from(line: StaffLine) -> Self {
        let mut staff = Self::new(line.id, line.student, line.access);
        staff.name = line.name;
        staff
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Ticket", deny_unknown_fields)]
struct TicketLine {
    #[serde(rename = "type", getter = "Type::of_ticket")]
    _type: Type,
    #[serde(rename = "tid", with = "value")]
    id: TicketId,
    issuer: StudentId,
    #[serde(with = "value")]
    submitted_at: Timestamp,
    #[serde(with = "value")]
    category: Category,
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "value")]
    occur_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "value")]
    notes: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "value")]
    appointed_at: Option<Date>,
    #[serde(with = "value")]
    priority: Priority,
    #[serde(with = "value")]
    status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "value")]
    last_updated_at: Option<Timestamp>,
}

impl From<TicketLine> for Ticket {
    fn from(line: TicketLine) -> Self {
        let (submitted_at, category) = (line.submitted_at, line.category);
        let mut ticket = Self::new(
            line.id,
            line.issuer,
            submitted_at,
            category,
            line.description,
        );
        ticket.occur_at = line.occur_at;
        ticket.notes = line.notes;
        ticket.appointed_at = line.appointed_at;
        ticket.priority = line.priority;
        ticket.status = line.status;
        ticket.last_updated_at = line.last_updated_at;
        ticket
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Trace", deny_unknown_fields)]
struct TraceLine {
    #[serde(rename = "type", getter = "Type::of_trace")]
    _type: Type,
    #[serde(rename = "opid")]
    id: TraceId,
    #[serde(rename = "tid", with = "value")]
    ticket: TicketId,
    #[serde(with = "value")]
    updated_at: Timestamp,
    op: StaffId,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "value")]
    new_status: Option<Status>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "value")]
    new_priority: Option<Priority>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "value")]
    new_appointment: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "value")]
    new_category: Option<Category>,
    remark: String,
}

impl From<TraceLine> for Trace {
    fn from(line: TraceLine) -> Self {
        let mut trace = Self::new(line.id, line.ticket, line.updated_at, line.op);
        trace.new_status = line.new_status;
        trace.new_priority = line.new_priority;
        trace.new_appointment = line.new_appointment;
        trace.new_category = line.new_category;
        trace.remark = line.remark;
        trace
    }
}

#[derive(Deserialize)]
pub(crate) struct StaffRecord(#[serde(with = "StaffLine")] pub(crate) StaffMember);

#[derive(Deserialize)]
pub(crate) struct TicketRecord(#[serde(with = "TicketLine")] pub(crate) Ticket);

#[derive(Deserialize)]
pub(crate) struct TraceRecord(#[serde(with = "TraceLine")] pub(crate) Trace);

/// Appends the JSON of a record to `line`, without a newline.
pub(crate) fn write(record: &Record, line: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut json = Serializer::new(line);
    match record {
        Record::Staff(staff) => StaffLine::serialize(staff, &mut json),
        Record::Ticket(ticket) => TicketLine::serialize(ticket, &mut json),
        Record::Trace(trace) => TraceLine::serialize(trace, &mut json),
    }
}
