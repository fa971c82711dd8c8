//! Why histories could not be carried, and where.

use std::{error::Error, fmt};

use wts_domain::{StaffId, TicketId, TraceId};

use super::{Entry, Record};

/// Why a bulk copy came to an end.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// A record cannot be read, stands where it may not stand, or cannot be stored.
    #[error("{0}")]
    BadRecord(Fault),
    /// What is there already says something else. At least one place, and not necessarily all of them.
    #[error("{}", Listed(.0))]
    Contradictions(Vec<Fault>),
    /// The observer broke it off.
    #[error("interrupted")]
    Interrupted,
    /// The source or the sink failed.
    #[error("{0}")]
    Failed(String, #[source] Box<dyn Error + Send + Sync>),
}

impl BulkError {
    /// A failure of a source or a sink that was busy with `what`.
    pub fn failed(what: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(what.into(), cause.into())
    }
}

/// Something wrong with a record, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What is wrong: what was expected there, and what is there instead.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.place, self.problem)
    }
}

/// Where a fault is, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The line of a file, counted from 1.
    pub line: Option<u64>,
    /// The record.
    pub record: Option<RecordId>,
    /// The field of the record.
    pub field: Option<String>,
}

impl Place {
    /// Where an entry stands.
    pub fn of(entry: &Entry) -> Self {
        Self {
            line: entry.line,
            record: Some(RecordId::of(&entry.record)),
            field: None,
        }
    }

    /// A field of the same record.
    #[must_use]
    pub fn field(self, field: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..self
        }
    }

    /// What is wrong there.
    pub fn fault(self, problem: impl Into<String>) -> Fault {
        Fault {
            place: self,
            problem: problem.into(),
        }
    }
}

/// `line 12: trace 5: remark: `, as far as each is known.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(record) = &self.record {
            write!(f, "{record}: ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        Ok(())
    }
}

/// What a record is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordId {
    /// Somebody of the staff.
    Staff(StaffId),
    /// A ticket.
    Ticket(TicketId),
    /// A trace.
    Trace(TraceId),
}

impl RecordId {
    /// What this record is called.
    pub fn of(record: &Record) -> Self {
        match record {
            Record::Staff(staff) => Self::Staff(staff.id.clone()),
            Record::Ticket(ticket) => Self::Ticket(ticket.id),
            Record::Trace(trace) => Self::Trace(trace.id),
        }
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Quoted: it may hold anything.
            Self::Staff(id) => write!(f, "staff {:?}", id.as_str()),
            Self::Ticket(id) => write!(f, "ticket {id}"),
            Self::Trace(id) => write!(f, "trace {id}"),
        }
    }
}

/// Contradictions, one on a line.
struct Listed<'a>(&'a [Fault]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what is to be brought in contradicts what is there")?;
        for fault in self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}
