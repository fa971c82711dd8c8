//! The records of a transfer, and the batches that contain them.

use std::fmt;

use wts_domain::{StaffMember, Ticket, Trace};

use super::error::{RecordError, RecordId, RecordLocation};

/// The maximum number of entries in a batch.
const MAX_BATCH_ENTRIES: usize = 1_024;
/// The size in bytes from which a batch is full.
const MAX_BATCH_BYTES: usize = 512 * 1024;

/// A record of a transfer: a staff member, a ticket or a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A staff member with their name.
    Staff(StaffMember),
    /// A ticket with its current values. Its traces follow this record.
    Ticket(Ticket),
    /// A trace of the preceding ticket. `op_name` is empty, because the names are in the staff records.
    Trace(Trace),
}

impl Record {
    /// Returns the approximate memory use of the record in bytes.
    fn size_bytes(&self) -> usize {
        size_of::<Entry>()
            + match self {
                Self::Staff(staff) => {
                    staff.id.as_str().len() + staff.student.as_str().len() + staff.name.len()
                }
                Self::Ticket(ticket) => {
                    ticket.issuer.as_str().len()
                        + ticket.description.len()
                        + ticket.notes.as_ref().map_or(0, String::len)
                }
                Self::Trace(trace) => trace.op.as_str().len() + trace.remark.len(),
            }
    }
}

/// A record and the line of the file that it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line number in the file, counted from 1; `None` if the record does not come from a file.
    pub line: Option<u64>,
    /// The record that was read.
    pub record: Record,
}

impl Entry {
    /// Returns the location of the record for error messages.
    pub fn location(&self) -> RecordLocation {
        RecordLocation {
            line: self.line,
            ..RecordLocation::record(match &self.record {
                Record::Staff(staff) => RecordId::Staff(staff.id.clone()),
                Record::Ticket(ticket) => RecordId::Ticket(ticket.id),
                Record::Trace(trace) => RecordId::Trace(trace.id),
            })
        }
    }

    /// Creates an error in a field of the record.
    pub fn error(&self, field: &str, problem: impl Into<String>) -> RecordError {
        self.location().field(field).error(problem)
    }
}

impl From<Record> for Entry {
    fn from(record: Record) -> Self {
        Self { line: None, record }
    }
}

/// The progress of a source, in a unit that the source chooses, such as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The amount that has been read.
    pub done: u64,
    /// The total amount to read.
    pub total: u64,
}

/// Consecutive entries of a transfer. Their number and size are limited, so that memory use is limited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    entries: Vec<Entry>,
    /// The errors of records that cannot be read, each with the number of entries before it.
    invalid: Vec<(usize, RecordError)>,
    size_bytes: usize,
    /// The progress of the source after this batch, if known.
    pub progress: Option<Progress>,
}

impl Batch {
    /// Adds an entry to the batch.
    pub fn push(&mut self, entry: Entry) {
        self.size_bytes += entry.record.size_bytes();
        self.entries.push(entry);
    }

    /// Adds the error of a record that cannot be read.
    pub(super) fn push_invalid(&mut self, error: RecordError) {
        self.invalid.push((self.entries.len(), error));
    }

    /// Returns whether the batch has neither entries nor errors.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.invalid.is_empty()
    }

    /// Returns the entries and errors in the order in which they were added.
    pub(super) fn items(&self) -> impl Iterator<Item = Result<&Entry, &RecordError>> {
        let mut invalid = self.invalid.iter().peekable();
        let mut entries = self.entries.iter().enumerate().peekable();
        std::iter::from_fn(move || {
            let next = entries.peek().map_or(usize::MAX, |(number, _)| *number);
            match invalid.next_if(|(before, _)| *before <= next) {
                Some((_, error)) => Some(Err(error)),
                None => entries.next().map(|(_, entry)| Ok(entry)),
            }
        })
    }

    /// Returns whether the batch has reached its limit of entries or of bytes.
    pub fn is_full(&self) -> bool {
        self.entries.len() + self.invalid.len() >= MAX_BATCH_ENTRIES
            || self.size_bytes >= MAX_BATCH_BYTES
    }

    /// Returns the entries of the batch.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Converts the batch into its entries.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

impl<E: Into<Entry>> FromIterator<E> for Batch {
    fn from_iter<I: IntoIterator<Item = E>>(entries: I) -> Self {
        let mut batch = Self::default();
        entries
            .into_iter()
            .for_each(|entry| batch.push(entry.into()));
        batch
    }
}

/// The number of records of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The number of staff members.
    pub staff: u64,
    /// The number of tickets.
    pub tickets: u64,
    /// The number of traces.
    pub traces: u64,
}

impl Counts {
    /// Adds one to the number of records of this kind.
    pub fn count(&mut self, record: &Record) {
        match record {
            Record::Staff(_) => self.staff += 1,
            Record::Ticket(_) => self.tickets += 1,
            Record::Trace(_) => self.traces += 1,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            staff,
            tickets,
            traces,
        } = self;
        write!(f, "{staff} staff, {tickets} tickets, {traces} traces")
    }
}
