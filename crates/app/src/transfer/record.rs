//! The records of a transfer and the batches that hold them.

use std::fmt;

use wts_domain::{StaffMember, Ticket, Trace};

use super::error::{RecordError, RecordId, RecordLocation};

/// The most entries in a batch.
const MAX_BATCH_ENTRIES: usize = 1_024;
/// A batch whose entries take more memory than this gets no further entry.
const MAX_BATCH_BYTES: usize = 512 * 1024;

/// One record of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A staff member.
    Staff(StaffMember),
    /// A ticket as it stands. Its traces come next.
    Ticket(Ticket),
    /// A trace of the ticket before it, without the name of its operator: names stand with the staff.
    Trace(Trace),
}

impl Record {
    /// The approximate memory use in bytes.
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

/// A record and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record's line in a file, counted from 1; `None` if it does not come from a file.
    pub line: Option<u64>,
    /// The record.
    pub record: Record,
}

impl Entry {
    /// The record's location.
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

    /// An error in a field of the record.
    pub fn error(&self, field: &str, problem: impl Into<String>) -> RecordError {
        self.location().field(field).error(problem)
    }
}

impl From<Record> for Entry {
    fn from(record: Record) -> Self {
        Self { line: None, record }
    }
}

/// How far a source has read, in a unit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The part that has been read.
    pub done: u64,
    /// The whole.
    pub total: u64,
}

/// Consecutive entries of a transfer, limited in number and size so that every batch fits in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    entries: Vec<Entry>,
    size_bytes: usize,
    /// The progress of the source after this batch, if it is known.
    pub progress: Option<Progress>,
}

impl Batch {
    /// Adds an entry.
    pub fn push(&mut self, entry: Entry) {
        self.size_bytes += entry.record.size_bytes();
        self.entries.push(entry);
    }

    /// Whether the batch should get no further entry.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= MAX_BATCH_ENTRIES || self.size_bytes >= MAX_BATCH_BYTES
    }

    /// The entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries, to keep.
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

/// A number of records of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Staff members.
    pub staff: u64,
    /// Tickets.
    pub tickets: u64,
    /// Traces.
    pub traces: u64,
}

impl Counts {
    /// Counts one more record.
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
