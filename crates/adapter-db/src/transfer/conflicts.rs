//! Records of an import, compared with those of the same number that the database has already.

use std::{collections::BTreeMap, fmt::Display, mem};

use wts_app::{Entry, ImportReport, Record, RecordError, RecordLocation, TransferError};
use wts_domain::TicketId;

/// The most conflicts that are reported at once.
const MAX_REPORTED_CONFLICTS: usize = 20;

/// The state of an import: the counts, the conflicts, and the existing tickets whose traces are being compared.
#[derive(Default)]
pub(crate) struct ImportState {
    pub(crate) report: ImportReport,
    conflicts: Vec<RecordError>,
    existing: BTreeMap<TicketId, ExistingTicket>,
}

/// A ticket that the database had before, and the number of its traces in the import.
pub(crate) struct ExistingTicket {
    pub(crate) id: TicketId,
    location: RecordLocation,
    traces: u64,
}

impl ImportState {
    /// Counts a record and compares it with the one of the same number that the database had before, if there is one.
    /// Returns whether the record is new.
    pub(crate) fn compare(&mut self, entry: &Entry, there: Option<&Record>) -> bool {
        if let Record::Trace(trace) = &entry.record
            && let Some(ticket) = self.existing.get_mut(&trace.ticket)
        {
            ticket.traces += 1;
            if there.is_none() {
                let problem = "its ticket is there, but without this trace";
                self.conflicts.push(entry.location().error(problem));
                return false;
            }
        }
        let Some(there) = there else {
            self.report.inserted.count(&entry.record);
            return true;
        };
        self.report.unchanged.count(&entry.record);
        self.add_differences(entry, there);
        if let Record::Ticket(ticket) = &entry.record {
            let existing = ExistingTicket {
                id: ticket.id,
                location: entry.location(),
                traces: 0,
            };
            self.existing.insert(ticket.id, existing);
        }
        false
    }

    /// Counts a staff member and compares them with the one that is in the database now. One that was inserted can have
    /// another name there, as a student.
    pub(crate) fn compare_staff(&mut self, entry: &Entry, there: &Record, inserted: bool) {
        if inserted {
            self.report.inserted.count(&entry.record);
            self.add_differences(entry, there);
        } else {
            self.compare(entry, Some(there));
        }
    }

    fn add_differences(&mut self, entry: &Entry, there: &Record) {
        let location = entry.location();
        for (field, difference) in differences(&entry.record, there) {
            let conflict = difference.map(|difference| location.field(field).error(difference));
            self.conflicts.extend(conflict);
        }
    }

    /// Takes the existing tickets, but for the last one if more of its traces may come.
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

    /// Compares the number of traces of a ticket whose traces have all come.
    pub(crate) fn compare_trace_count(&mut self, ticket: &ExistingTicket, there: i64) {
        let here = ticket.traces;
        if u64::try_from(there).is_ok_and(|there| there > here) {
            let problem = format!("{here} traces here, {there} there");
            let location = ticket.location.field("traces");
            self.conflicts.push(location.error(problem));
        }
    }

    /// Fails if there are conflicts.
    pub(crate) fn check(&mut self) -> Result<(), TransferError> {
        if self.conflicts.is_empty() {
            return Ok(());
        }
        self.conflicts.truncate(MAX_REPORTED_CONFLICTS);
        Err(TransferError::Conflicts(mem::take(&mut self.conflicts)))
    }
}

/// The error of a record whose number an earlier record of the same import has.
pub(crate) fn duplicate_id(entry: &Entry, field: &str) -> TransferError {
    let problem = "the same number stands in a line before";
    entry.error(field, problem).into()
}

/// The error of a trace whose operator is not on the staff.
pub(crate) fn unknown_staff(entry: &Entry, op: &str) -> TransferError {
    let problem =
        format!("expected the number of somebody of the staff, here or there, not {op:?}");
    entry.error("op", problem).into()
}

/// Compares fields under the names that a file gives them: required values, optional ones, and texts.
macro_rules! compare {
    ($here:ident, $there:ident: $($name:ident = $kind:ident $field:ident),+) => {
        vec![$((stringify!($name), compare!($kind $here.$field, $there.$field))),+]
    };
    (value $here:expr, $there:expr) => { value(Some(&$here), Some(&$there)) };
    (optional $here:expr, $there:expr) => { value($here.as_ref(), $there.as_ref()) };
    (text $here:expr, $there:expr) => { text(&$here, &$there) };
}

/// Returns each field of two records of one kind, and how it differs.
fn differences(here: &Record, there: &Record) -> Vec<(&'static str, Option<String>)> {
    match (here, there) {
        (Record::Staff(here), Record::Staff(there)) => compare!(here, there:
            wid = text id, sid = text student, access = value access, name = text name),
        (Record::Ticket(here), Record::Ticket(there)) => compare!(here, there:
            issuer = text issuer, submitted_at = value submitted_at, category = value category,
            description = text description, occur_at = optional occur_at, notes = text notes,
            appointed_at = optional appointed_at, priority = value priority, status = value status,
            last_updated_at = optional last_updated_at),
        (Record::Trace(here), Record::Trace(there)) => compare!(here, there:
            tid = value ticket, updated_at = value updated_at, op = text op,
            new_status = optional new_status, new_priority = optional new_priority,
            new_appointment = optional new_appointment, new_category = optional new_category,
            remark = text remark),
        // Records of two kinds are never compared.
        _ => Vec::new(),
    }
}

fn value<T: PartialEq + Display>(here: Option<&T>, there: Option<&T>) -> Option<String> {
    let shown = |value: Option<&T>| value.map_or("nothing".to_owned(), ToString::to_string);
    (here != there).then(|| format!("{} here, {} there", shown(here), shown(there)))
}

/// Names and remarks are not repeated in errors.
fn text<T: PartialEq>(here: &T, there: &T) -> Option<String> {
    (here != there).then(|| "another text is there".to_owned())
}
