//! Compares the records of an import with the existing records of the same id in the database.

use std::{collections::BTreeMap, fmt::Display, mem};

use wts_app::{Entry, ImportReport, Record, RecordError, RecordLocation, TransferError};
use wts_domain::TicketId;

/// The maximum number of conflicts in one error.
const MAX_REPORTED_CONFLICTS: usize = 20;

/// The state of an import: the counts, the conflicts, and the existing tickets whose traces are still being compared.
#[derive(Default)]
pub(crate) struct ImportState {
    pub(crate) report: ImportReport,
    conflicts: Vec<RecordError>,
    existing: BTreeMap<TicketId, ExistingTicket>,
}

/// A ticket that was in the database before the import, and the number of its traces in the import so far.
pub(crate) struct ExistingTicket {
    pub(crate) id: TicketId,
    location: RecordLocation,
    traces: u64,
}

impl ImportState {
    /// Counts a record and compares it with `existing`, the record of the same id that was in the database before the
    /// import. Returns whether the record is new.
    pub(crate) fn compare(&mut self, entry: &Entry, existing: Option<&Record>) -> bool {
        if let Record::Trace(trace) = &entry.record
            && let Some(ticket) = self.existing.get_mut(&trace.ticket)
        {
            ticket.traces += 1;
            if existing.is_none() {
                let problem = "the database has the ticket, but not this trace";
                self.conflicts.push(entry.location().error(problem));
                return false;
            }
        }
        let Some(existing) = existing else {
            self.report.inserted.count(&entry.record);
            return true;
        };
        self.report.unchanged.count(&entry.record);
        self.add_differences(entry, existing);
        if let Record::Ticket(ticket) = &entry.record {
            let ticket_state = ExistingTicket {
                id: ticket.id,
                location: entry.location(),
                traces: 0,
            };
            self.existing.insert(ticket.id, ticket_state);
        }
        false
    }

    /// Counts a staff member and compares the record with `stored`, the record that is in the database now. The stored
    /// name of a new staff member may differ if the student was in the database before the import.
    pub(crate) fn compare_staff(&mut self, entry: &Entry, stored: &Record, inserted: bool) {
        if inserted {
            self.report.inserted.count(&entry.record);
            self.add_differences(entry, stored);
        } else {
            self.compare(entry, Some(stored));
        }
    }

    fn add_differences(&mut self, entry: &Entry, stored: &Record) {
        let location = entry.location();
        for (field, difference) in differences(&entry.record, stored) {
            let conflict = difference.map(|difference| location.field(field).error(difference));
            self.conflicts.extend(conflict);
        }
    }

    /// Removes and returns the existing tickets. With `keep_last`, the last ticket stays, because more of its traces
    /// may follow.
    pub(crate) fn take_existing(&mut self, keep_last: bool) -> Vec<ExistingTicket> {
        let last = if keep_last {
            self.existing.pop_last()
        } else {
            None
        };
        let taken = mem::take(&mut self.existing);
        self.existing.extend(last);
        taken.into_values().collect()
    }

    /// Compares the number of traces in the import and in the database, for a ticket whose traces in the import are
    /// complete.
    pub(crate) fn compare_trace_count(&mut self, ticket: &ExistingTicket, stored: i64) {
        let imported = ticket.traces;
        if u64::try_from(stored).is_ok_and(|stored| stored > imported) {
            let problem = format!("{imported} traces in the import, {stored} in the database");
            let location = ticket.location.field("traces");
            self.conflicts.push(location.error(problem));
        }
    }

    /// Returns an error if there are conflicts.
    pub(crate) fn check(&mut self) -> Result<(), TransferError> {
        if self.conflicts.is_empty() {
            return Ok(());
        }
        self.conflicts.truncate(MAX_REPORTED_CONFLICTS);
        Err(TransferError::Conflicts(mem::take(&mut self.conflicts)))
    }
}

/// Returns the error for a record whose id occurs earlier in the same import.
pub(crate) fn duplicate_id(entry: &Entry, field: &str) -> TransferError {
    let problem = "an earlier line has the same id";
    entry.error(field, problem).into()
}

/// Returns the error for a trace whose operator is not a staff member.
pub(crate) fn unknown_staff(entry: &Entry, op: &str) -> TransferError {
    let problem =
        format!("expected the id of a staff member in the import or in the database, found {op:?}");
    entry.error("op", problem).into()
}

/// Compares fields, using the field names of the import file. A field is a required value, an optional value or text.
macro_rules! compare {
    ($imported:ident, $stored:ident: $($name:ident = $kind:ident $field:ident),+) => {
        vec![$((stringify!($name), compare!($kind $imported.$field, $stored.$field))),+]
    };
    (value $imported:expr, $stored:expr) => { value(Some(&$imported), Some(&$stored)) };
    (optional $imported:expr, $stored:expr) => { value($imported.as_ref(), $stored.as_ref()) };
    (text $imported:expr, $stored:expr) => { text(&$imported, &$stored) };
}

/// Returns each field of two records of the same kind, with a description of the difference if the field differs.
fn differences(imported: &Record, stored: &Record) -> Vec<(&'static str, Option<String>)> {
    match (imported, stored) {
        (Record::Staff(imported), Record::Staff(stored)) => compare!(imported, stored:
            wid = text id, sid = text student, access = value access, name = text name),
        (Record::Ticket(imported), Record::Ticket(stored)) => compare!(imported, stored:
            issuer = text issuer, submitted_at = value submitted_at, category = value category,
            description = text description, occur_at = optional occur_at, notes = text notes,
            appointed_at = optional appointed_at, priority = value priority, status = value status,
            last_updated_at = optional last_updated_at),
        (Record::Trace(imported), Record::Trace(stored)) => compare!(imported, stored:
            tid = value ticket, updated_at = value updated_at, op = text op,
            new_status = optional new_status, new_priority = optional new_priority,
            new_appointment = optional new_appointment, new_category = optional new_category,
            remark = text remark),
        // Records of different kinds are never compared.
        _ => Vec::new(),
    }
}

fn value<T: PartialEq + Display>(imported: Option<&T>, stored: Option<&T>) -> Option<String> {
    let shown = |value: Option<&T>| value.map_or("nothing".to_owned(), ToString::to_string);
    (imported != stored).then(|| {
        format!(
            "{} in the import, {} in the database",
            shown(imported),
            shown(stored)
        )
    })
}

/// Reports that two strings differ. The error does not contain them, because names and remarks are confidential.
fn text<T: PartialEq>(imported: &T, stored: &T) -> Option<String> {
    (imported != stored).then(|| "the database has a different text".to_owned())
}
