//! The checks of every record of a transfer.

use std::collections::HashSet;

use roaring::RoaringTreemap;
use wts_domain::{HistoryAudit, HistoryFinding, StaffId, StudentId, TicketId, Timestamp, TraceId};

use super::{
    error::RecordError,
    ports::Observer,
    record::{Entry, Record},
};

/// Checks that records come in the order that a [`HistorySource`](super::HistorySource) promises.
///
/// Every source is checked: a file can come from any program, and a database can use another sort order.
#[derive(Default)]
pub(super) struct OrderCheck {
    staff: Option<StaffId>,
    /// The student numbers of the staff. A campus has some dozens of them.
    students: HashSet<StudentId>,
    ticket: Option<TicketId>,
    trace: Option<(Timestamp, TraceId)>,
}

impl OrderCheck {
    pub(super) fn check(&mut self, entry: &Entry) -> Result<(), RecordError> {
        match &entry.record {
            Record::Staff(staff) => {
                if self.ticket.is_some() {
                    return Err(entry.error("type", "staff come before all tickets"));
                }
                if let Some(last) = self.staff.as_ref().filter(|last| **last >= staff.id) {
                    let problem = format!("expected more than {:?}, the one before", last.as_str());
                    return Err(entry.error("wid", problem));
                }
                if !self.students.insert(staff.student.clone()) {
                    let problem = "somebody else of the staff has this number";
                    return Err(entry.error("sid", problem));
                }
                self.staff = Some(staff.id.clone());
            }
            Record::Ticket(ticket) => {
                if let Some(last) = self.ticket.filter(|last| *last >= ticket.id) {
                    let problem = format!("expected more than {last}, the one before");
                    return Err(entry.error("tid", problem));
                }
                (self.ticket, self.trace) = (Some(ticket.id), None);
            }
            Record::Trace(trace) => {
                let Some(ticket) = self.ticket else {
                    return Err(entry.error("tid", "expected its ticket before it"));
                };
                if ticket != trace.ticket {
                    let found = trace.ticket;
                    let problem = format!("expected {ticket}, the ticket before it, not {found}");
                    return Err(entry.error("tid", problem));
                }
                let position = (trace.updated_at, trace.id);
                if let Some((time, id)) = self.trace.filter(|last| *last >= position) {
                    let problem = format!("expected to come after trace {id} of {time}");
                    return Err(entry.error("updated_at", problem));
                }
                self.trace = Some(position);
            }
        }
        Ok(())
    }
}

/// Checks what a database enforces for its tables and a file does not: that trace ids are unique, and that every operator
/// is on the staff.
#[derive(Default)]
pub(super) struct UniquenessCheck {
    staff: HashSet<StaffId>,
    /// The ids of all traces. They are dense as a rule, so that ten million of them take a few MiB.
    traces: RoaringTreemap,
}

impl UniquenessCheck {
    pub(super) fn check(&mut self, entry: &Entry) -> Result<(), RecordError> {
        match &entry.record {
            Record::Staff(staff) => {
                self.staff.insert(staff.id.clone());
            }
            // The order check has compared their numbers.
            Record::Ticket(_) => {}
            Record::Trace(trace) => {
                if !self.traces.insert(trace.id.get().cast_unsigned()) {
                    return Err(entry.error("opid", "the same number stands in a line before"));
                }
                if !self.staff.contains(&trace.op) {
                    let op = trace.op.as_str();
                    let problem =
                        format!("expected the number of somebody of the staff, not {op:?}");
                    return Err(entry.error("op", problem));
                }
            }
        }
        Ok(())
    }
}

/// Checks histories against the rules and counts the findings. A violation does not end the transfer.
#[derive(Default)]
pub(super) struct RuleCheck {
    current: Option<CurrentHistory>,
    findings: u64,
}

struct CurrentHistory {
    line: Option<u64>,
    ticket: TicketId,
    audit: HistoryAudit,
}

impl RuleCheck {
    pub(super) fn check(&mut self, entry: &Entry, observer: &mut dyn Observer) {
        match &entry.record {
            Record::Staff(_) => {}
            Record::Ticket(ticket) => {
                self.end_history(observer);
                self.current = Some(CurrentHistory {
                    line: entry.line,
                    ticket: ticket.id,
                    audit: HistoryAudit::new(ticket),
                });
            }
            Record::Trace(trace) => {
                if let Some(current) = &mut self.current {
                    let findings = current.audit.push(trace);
                    self.findings += report(entry.line, current.ticket, findings, observer);
                }
            }
        }
    }

    /// Ends the last history and returns the number of findings in all histories.
    pub(super) fn finish(mut self, observer: &mut dyn Observer) -> u64 {
        self.end_history(observer);
        self.findings
    }

    fn end_history(&mut self, observer: &mut dyn Observer) {
        if let Some(current) = self.current.take() {
            let findings = current.audit.finish();
            self.findings += report(current.line, current.ticket, findings, observer);
        }
    }
}

/// Calls the observer with each finding and returns their number.
fn report(
    line: Option<u64>,
    ticket: TicketId,
    findings: impl IntoIterator<Item = HistoryFinding>,
    observer: &mut dyn Observer,
) -> u64 {
    let findings = findings.into_iter();
    findings.fold(0, |count, finding| {
        observer.on_finding(line, ticket, finding);
        count + 1
    })
}
