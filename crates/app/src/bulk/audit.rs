//! Histories, held against the rules as they pass.

use wts_domain::{HistoryAudit, TicketId};

use super::{Entry, Observer, Record};

/// Follows the history that is passing.
#[derive(Default)]
pub(super) struct Audit {
    current: Option<Passing>,
    findings: u64,
}

struct Passing {
    line: Option<u64>,
    ticket: TicketId,
    audit: HistoryAudit,
}

impl Audit {
    /// Takes the next record and tells the observer what it breaks.
    pub(super) fn follow(&mut self, entry: &Entry, observer: &mut dyn Observer) {
        match &entry.record {
            Record::Staff(_) => {}
            Record::Ticket(ticket) => {
                self.end_history(observer);
                self.current = Some(Passing {
                    line: entry.line,
                    ticket: ticket.id,
                    audit: HistoryAudit::new(ticket),
                });
            }
            Record::Trace(trace) => {
                if let Some(passing) = &mut self.current {
                    for finding in passing.audit.push(trace) {
                        self.findings += 1;
                        observer.found(entry.line, passing.ticket, finding);
                    }
                }
            }
        }
    }

    /// Ends the last history, and gives the number of findings in all of them.
    pub(super) fn finish(mut self, observer: &mut dyn Observer) -> u64 {
        self.end_history(observer);
        self.findings
    }

    fn end_history(&mut self, observer: &mut dyn Observer) {
        if let Some(Passing {
            line,
            ticket,
            audit,
        }) = self.current.take()
        {
            for finding in audit.finish() {
                self.findings += 1;
                observer.found(line, ticket, finding);
            }
        }
    }
}
