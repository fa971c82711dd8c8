//! Records for a test database, and their conversion to database rows.

use wts_domain::{Access, Date, StaffId, StudentId, Ticket, Timestamp, Trace};

/// Records that a test inserts unchanged into its database.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// Students, including those who are staff members.
    pub students: Vec<Student>,
    /// Staff members.
    pub operators: Vec<Operator>,
    /// Tickets with the values that they have after their traces.
    pub tickets: Vec<Ticket>,
    /// Traces. The names of operators are stored with the students instead.
    pub traces: Vec<Trace>,
}

/// A student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Student {
    /// The student number.
    pub sid: StudentId,
    /// The name of the student.
    pub name: String,
}

/// A staff member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// The staff id.
    pub wid: StaffId,
    /// The student number of the staff member.
    pub sid: StudentId,
    /// The rank of the staff member.
    pub access: Access,
}

/// A row of one table.
pub(crate) struct Row {
    /// The name of the table without its schema.
    pub(crate) table: &'static str,
    pub(crate) columns: &'static str,
    pub(crate) values: Vec<Value>,
}

/// The value of a column, which PostgreSQL and SQLite encode differently.
#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Id(i64),
    Text(String),
    Time(Timestamp),
    Date(Date),
}

impl Value {
    fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    fn or_null(value: Option<Self>) -> Self {
        value.unwrap_or(Self::Null)
    }
}

impl Records {
    /// Returns the rows in an order in which every row references only earlier rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        let students = self.students.iter().map(|student| Row {
            table: "students",
            columns: "sid, name",
            values: vec![Value::text(&student.sid), Value::text(&student.name)],
        });
        let operators = self.operators.iter().map(|operator| Row {
            table: "operators",
            columns: "wid, sid, access",
            values: vec![
                Value::text(&operator.wid),
                Value::text(&operator.sid),
                Value::text(operator.access),
            ],
        });
        let tickets = self.tickets.iter().map(|ticket| Row {
            table: "tickets",
            columns: "tid, issuer, submitted_at, category, description, occur_at, notes, appointed_at, priority, \
                      status, last_updated_at",
            values: vec![
                Value::Id(ticket.id.get()),
                Value::text(&ticket.issuer),
                Value::Time(ticket.submitted_at),
                Value::text(ticket.category),
                Value::text(&ticket.description),
                Value::or_null(ticket.occur_at.map(Value::Time)),
                Value::or_null(ticket.notes.as_ref().map(Value::text)),
                Value::or_null(ticket.appointed_at.map(Value::Date)),
                Value::text(ticket.priority),
                Value::text(ticket.status),
                Value::or_null(ticket.last_updated_at.map(Value::Time)),
            ],
        });
        let traces = self.traces.iter().map(|trace| Row {
            table: "ticket_traces",
            columns: "opid, tid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark",
            values: vec![
                Value::Id(trace.id.get()),
                Value::Id(trace.ticket.get()),
                Value::Time(trace.updated_at),
                Value::text(&trace.op),
                Value::or_null(trace.new_status.map(Value::text)),
                Value::or_null(trace.new_priority.map(Value::text)),
                Value::or_null(trace.new_appointment.map(Value::Date)),
                Value::or_null(trace.new_category.map(Value::text)),
                Value::text(&trace.remark),
            ],
        });
        students.chain(operators).chain(tickets).chain(traces)
    }
}
