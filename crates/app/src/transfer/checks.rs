//! The checks that a transfer applies to every record.

use std::collections::HashSet;

use roaring::RoaringTreemap;
use wts_domain::{HistoryAudit, HistoryFinding, StaffId, StudentId, TicketId, Timestamp, TraceId};

use super::{
    error::{RecordError, RecordId},
    ports::Observer,
    record::{Entry, Record},
};

/// A check that records arrive in the order that a [`HistorySource`](super::HistorySource) promises.
///
/// The check is needed for every source: any program can have written a file, and a database can use another sort
/// order.
#[derive(Default)]
pub(super) struct OrderCheck {
    staff: Option<StaffId>,
    /// The student numbers of the staff members. A few dozen are expected.
    students: HashSet<StudentId>,
    ticket: Option<TicketId>,
    trace: Option<(Timestamp, TraceId)>,
}

impl OrderCheck {
    /// Takes account of a record that cannot be read: the traces of an unreadable ticket follow it.
    pub(super) fn skip(&mut self, record: Option<&RecordId>) {
        if let Some(RecordId::Ticket(ticket)) = record {
            (self.ticket, self.trace) = (Some(*ticket), None);
        }
    }

    pub(super) fn check(&mut self, entry: &Entry) -> Result<(), RecordError> {
        match &entry.record {
            Record::Staff(staff) => {
                if self.ticket.is_some() {
                    return Err(
                        entry.error("type", "expected all staff members before the first ticket")
                    );
                }
                if let Some(last) = self.staff.as_ref().filter(|last| **last >= staff.id) {
                    let problem = format!(
                        "expected a staff number above {:?}, the preceding one",
                        last.as_str()
                    );
                    return Err(entry.error("wid", problem));
                }
                if !self.students.insert(staff.student.clone()) {
                    let problem = "another staff member has the same student number";
                    return Err(entry.error("sid", problem));
                }
                self.staff = Some(staff.id.clone());
            }
            Record::Ticket(ticket) => {
                if let Some(last) = self.ticket.filter(|last| *last >= ticket.id) {
                    let problem =
                        format!("expected a ticket number above {last}, the preceding one");
                    return Err(entry.error("tid", problem));
                }
                (self.ticket, self.trace) = (Some(ticket.id), None);
            }
            Record::Trace(trace) => {
                let Some(ticket) = self.ticket else {
                    return Err(entry.error("tid", "expected a ticket before its first trace"));
                };
                if ticket != trace.ticket {
                    let found = trace.ticket;
                    let problem = format!("expected {ticket}, the preceding ticket, found {found}");
                    return Err(entry.error("tid", problem));
                }
                let position = (trace.updated_at, trace.id);
                if let Some((time, id)) = self.trace.filter(|last| *last >= position) {
                    let problem = format!("expected a trace later than trace {id} of {time}");
                    return Err(entry.error("updated_at", problem));
                }
                self.trace = Some(position);
            }
        }
        Ok(())
    }
}

/// A check of the constraints that a database has and a file does not: trace ids are unique, and the operator of every
/// trace is a staff member.
#[derive(Default)]
pub(super) struct UniquenessCheck {
    staff: HashSet<StaffId>,
    /// The ids of all traces. Ids are usually dense, so the set needs only a few MiB for ten million of them.
    traces: RoaringTreemap,
}

impl UniquenessCheck {
    /// Takes account of a record that cannot be read: its id exists.
    pub(super) fn skip(&mut self, record: Option<&RecordId>) {
        match record {
            Some(RecordId::Staff(staff)) => {
                self.staff.insert(staff.clone());
            }
            Some(RecordId::Trace(trace)) => {
                self.traces.insert(trace.get().cast_unsigned());
            }
            Some(RecordId::Ticket(_)) | None => {}
        }
    }

    pub(super) fn check(&mut self, entry: &Entry) -> Result<(), RecordError> {
        match &entry.record {
            Record::Staff(staff) => {
                self.staff.insert(staff.id.clone());
            }
            // The order check has already rejected duplicate ticket numbers.
            Record::Ticket(_) => {}
            Record::Trace(trace) => {
                if !self.traces.insert(trace.id.get().cast_unsigned()) {
                    return Err(entry.error("opid", "an earlier trace has the same number"));
                }
                if !self.staff.contains(&trace.op) {
                    let op = trace.op.as_str();
                    let problem = format!("expected the number of a staff member, found {op:?}");
                    return Err(entry.error("op", problem));
                }
            }
        }
        Ok(())
    }
}

/// A check of histories against the rules, which counts the findings. A broken rule does not end the transfer.
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
    /// Takes account of a record that cannot be read: without it, its history would break rules.
    pub(super) fn skip(&mut self, record: Option<&RecordId>, observer: &mut dyn Observer) {
        match record {
            Some(RecordId::Ticket(_)) => {
                self.end_history(observer);
            }
            Some(RecordId::Trace(_)) => self.current = None,
            Some(RecordId::Staff(_)) | None => {}
        }
    }

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

    /// Ends the last history. Returns the number of findings in all histories.
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

/// Calls the observer for each finding. Returns the number of findings.
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
