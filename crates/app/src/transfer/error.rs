//! The errors of a transfer, with the record and the line that caused them.

use std::{error::Error, fmt};

use wts_domain::{StaffId, TicketId, TraceId};

/// The reason why a transfer ended before its last record.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// A record cannot be read, is out of order, or cannot be stored.
    #[error(transparent)]
    InvalidRecord(#[from] RecordError),
    /// Records differ from existing records of the same number in the sink. Contains at least one of the differences, not
    /// necessarily all.
    #[error("{}", one_per_line(.0))]
    Conflicts(Vec<RecordError>),
    /// The observer or the receiver stopped the transfer.
    #[error("interrupted")]
    Interrupted,
    /// The source or the sink failed.
    #[error("{0}")]
    Failed(String, #[source] Box<dyn Error + Send + Sync>),
}

impl TransferError {
    /// Creates the error of a source or a sink; `what` describes the failed operation.
    pub fn failed(what: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(what.into(), cause.into())
    }
}

fn one_per_line(conflicts: &[RecordError]) -> String {
    let heading = "imported records conflict with existing records".to_owned();
    conflicts
        .iter()
        .fold(heading, |text, conflict| format!("{text}\n  {conflict}"))
}

/// An error in a record, and its location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{location}{problem}")]
pub struct RecordError {
    /// The location.
    pub location: RecordLocation,
    /// The expected value and the value that was found instead.
    pub problem: String,
}

/// The location of an error, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordLocation {
    /// The line of a file, counted from 1.
    pub line: Option<u64>,
    /// The record.
    pub record: Option<RecordId>,
    /// The field of the record.
    pub field: Option<String>,
}

impl RecordLocation {
    /// A line of a file.
    pub fn line(line: u64) -> Self {
        Self {
            line: Some(line),
            ..Self::default()
        }
    }

    /// A record that is not in a file.
    pub fn record(id: RecordId) -> Self {
        Self {
            record: Some(id),
            ..Self::default()
        }
    }

    /// A field of the same record.
    #[must_use]
    pub fn field(&self, field: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..self.clone()
        }
    }

    /// An error at this location.
    pub fn error(self, problem: impl Into<String>) -> RecordError {
        RecordError {
            location: self,
            problem: problem.into(),
        }
    }
}

/// Writes `line 12: trace 5: remark: `, as far as each is known.
impl fmt::Display for RecordLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match &self.record {
            // Quoted, since it may hold any characters.
            Some(RecordId::Staff(id)) => write!(f, "staff {:?}: ", id.as_str())?,
            Some(RecordId::Ticket(id)) => write!(f, "ticket {id}: ")?,
            Some(RecordId::Trace(id)) => write!(f, "trace {id}: ")?,
            None => {}
        }
        match &self.field {
            Some(field) => write!(f, "{field}: "),
            None => Ok(()),
        }
    }
}

/// The kind and the id of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordId {
    /// A staff member.
    Staff(StaffId),
    /// A ticket.
    Ticket(TicketId),
    /// A trace.
    Trace(TraceId),
}
