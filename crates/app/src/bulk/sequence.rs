//! The order in which records follow each other.

use std::collections::HashSet;

use wts_domain::{StaffId, StudentId, TicketId, Timestamp, TraceId};

use super::{BulkError, Entry, Place, Record};

/// Lets records through as long as they come in the order that a [`HistorySource`](super::HistorySource) promises.
///
/// No source is taken at its word: a file may have been put together by anybody, and a database may sort in a way of its
/// own.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    staff: Option<StaffId>,
    /// The student numbers of the staff. A campus has some dozens of them.
    students: HashSet<StudentId>,
    ticket: Option<TicketId>,
    trace: Option<(Timestamp, TraceId)>,
}

impl Sequence {
    pub(super) fn admit(&mut self, entry: &Entry) -> Result<(), BulkError> {
        let wrong = match &entry.record {
            Record::Staff(staff) => {
                if self.ticket.is_some() {
                    Some(("type", "staff come before all tickets".to_owned()))
                } else if let Some(last) = self.staff.as_ref().filter(|last| **last >= staff.id) {
                    Some((
                        "wid",
                        format!("expected more than {:?}, the one before", last.as_str()),
                    ))
                } else if !self.students.insert(staff.student.clone()) {
                    let problem = "somebody else of the staff has this number";
                    Some(("sid", problem.to_owned()))
                } else {
                    self.staff = Some(staff.id.clone());
                    None
                }
            }
            Record::Ticket(ticket) => {
                if let Some(last) = self.ticket.filter(|last| *last >= ticket.id) {
                    Some(("tid", format!("expected more than {last}, the one before")))
                } else {
                    self.ticket = Some(ticket.id);
                    self.trace = None;
                    None
                }
            }
            Record::Trace(trace) => {
                let now = (trace.updated_at, trace.id);
                if self.ticket != Some(trace.ticket) {
                    let expected = match self.ticket {
                        Some(ticket) => {
                            format!(
                                "expected {ticket}, the ticket before it, not {}",
                                trace.ticket
                            )
                        }
                        None => "expected its ticket before it".to_owned(),
                    };
                    Some(("tid", expected))
                } else if let Some((moment, id)) = self.trace.filter(|last| *last >= now) {
                    Some((
                        "updated_at",
                        format!("expected to come after trace {id} of {moment}"),
                    ))
                } else {
                    self.trace = Some(now);
                    None
                }
            }
        };
        wrong.map_or(Ok(()), |(field, problem)| {
            let place = Place::of(entry).field(field);
            Err(BulkError::BadRecord(place.fault(problem)))
        })
    }
}
