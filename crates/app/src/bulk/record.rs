//! What flows from a source to a sink.

use std::{fmt, ops::AddAssign};

use wts_domain::{StaffMember, Ticket, Trace};

/// How many entries a batch has at most.
const MOST_ENTRIES: usize = 1_024;
/// How much memory the entries of a batch take, until the one that is too many.
const MOST_BYTES: usize = 512 * 1024;

/// One record of a stream of histories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Somebody who acts on tickets.
    Staff(StaffMember),
    /// A ticket as it stands. Its traces come next.
    Ticket(Ticket),
    /// A trace of the ticket before it. The name of who did it is empty: it stands with the staff.
    Trace(Trace),
}

/// A record and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its line in a file, counted from 1; `None` where it came from elsewhere.
    pub line: Option<u64>,
    /// The record.
    pub record: Record,
}

impl Record {
    /// About how many bytes of memory it takes.
    fn weight(&self) -> usize {
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

/// How far a source has come, in whatever it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// So much is done.
    pub done: u64,
    /// Of so much.
    pub of: u64,
}

/// Some entries of a stream, few enough to be held in memory whatever stands in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    entries: Vec<Entry>,
    weight: usize,
    /// How far the source has come with this batch, where it knows.
    pub completed: Option<Share>,
}

impl Batch {
    /// Adds an entry.
    pub fn push(&mut self, entry: Entry) {
        self.weight += entry.record.weight();
        self.entries.push(entry);
    }

    /// Whether it is time to hand the batch on.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= MOST_ENTRIES || self.weight >= MOST_BYTES
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is in it.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is in it, to keep.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

impl FromIterator<Entry> for Batch {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut batch = Self::default();
        entries.into_iter().for_each(|entry| batch.push(entry));
        batch
    }
}

/// So many records of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// People who act on tickets.
    pub staff: u64,
    /// Tickets.
    pub tickets: u64,
    /// Traces.
    pub traces: u64,
}

impl Counts {
    /// Counts one more.
    pub fn count(&mut self, record: &Record) {
        match record {
            Record::Staff(_) => self.staff += 1,
            Record::Ticket(_) => self.tickets += 1,
            Record::Trace(_) => self.traces += 1,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.staff += other.staff;
        self.tickets += other.tickets;
        self.traces += other.traces;
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
