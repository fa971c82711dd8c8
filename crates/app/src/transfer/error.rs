//! The errors of a transfer, with the record and the line where they occurred.

use std::{error::Error, fmt};

use wts_domain::{StaffId, TicketId, TraceId};

/// The reason why a transfer ended before its last record.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// A record cannot be read, is out of order, or cannot be stored.
    #[error(transparent)]
    InvalidRecord(#[from] RecordError),
    /// Records of the source cannot be read. Contains the first of them.
    #[error("{}", invalid_records(.errors, *.total))]
    InvalidRecords {
        /// The errors of the first records.
        errors: Vec<RecordError>,
        /// The number of records that cannot be read.
        total: u64,
    },
    /// Records in the sink have the same number as imported records but other values. Contains one or more of the
    /// differences.
    #[error("{}", one_per_line(.0))]
    Conflicts(Vec<RecordError>),
    /// The observer or the receiver of batches stopped the transfer.
    #[error("interrupted")]
    Interrupted,
    /// The source or the sink failed.
    #[error("{0}")]
    Failed(String, #[source] Box<dyn Error + Send + Sync>),
}

impl TransferError {
    /// Creates the error of a source or a sink. `what` describes the operation that failed.
    pub fn failed(what: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(what.into(), cause.into())
    }
}

fn invalid_records(errors: &[RecordError], total: u64) -> String {
    let records = if total == 1 { "record" } else { "records" };
    let mut text = format!("{total} {records} cannot be read");
    for error in errors {
        text = format!("{text}\n  {error}");
    }
    let listed = u64::try_from(errors.len()).unwrap_or(u64::MAX);
    if total > listed {
        text = format!("{text}\n  and {} more", total - listed);
    }
    text
}

fn one_per_line(conflicts: &[RecordError]) -> String {
    let heading = "imported records conflict with existing records".to_owned();
    conflicts
        .iter()
        .fold(heading, |text, conflict| format!("{text}\n  {conflict}"))
}

/// An error in a record, with its location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{location}{problem}")]
pub struct RecordError {
    /// The location of the error.
    pub location: RecordLocation,
    /// A description of the error: the expected value and the value that was found.
    pub problem: String,
}

/// The location of an error: the line, record and field, where known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordLocation {
    /// The line number in a file, counted from 1.
    pub line: Option<u64>,
    /// The kind and the id of the record.
    pub record: Option<RecordId>,
    /// The name of the field in the record.
    pub field: Option<String>,
}

impl RecordLocation {
    /// Creates the location of a line of a file.
    pub fn line(line: u64) -> Self {
        Self {
            line: Some(line),
            ..Self::default()
        }
    }

    /// Creates the location of a record that does not come from a file.
    pub fn record(id: RecordId) -> Self {
        Self {
            record: Some(id),
            ..Self::default()
        }
    }

    /// Returns the location of a field in the same record.
    #[must_use]
    pub fn field(&self, field: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..self.clone()
        }
    }

    /// Creates an error at this location.
    pub fn error(self, problem: impl Into<String>) -> RecordError {
        RecordError {
            location: self,
            problem: problem.into(),
        }
    }
}

/// Writes a prefix such as `line 12: trace 5: remark: `. Parts that are unknown are omitted.
impl fmt::Display for RecordLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match &self.record {
            // The id is quoted, because it can contain any characters.
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
