//! The rules that a ticket's history obeys: a function from a ticket and its traces to what breaks them.

use crate::{Finding, Ticket, TicketFields, Timestamp, Trace, TraceId, rules::broken_rules};

/// What breaks the rules in a history: nothing, if all is well.
///
/// `traces` are all traces of `ticket`, oldest first, what happened at the same moment by ascending id. The rules are:
///
/// - There is a trace, and the first is the ticket's creation: it makes the status [`Status::Fresh`](crate::Status::Fresh).
/// - Every later status is one that [`Status::may_become`](crate::Status::may_become) allows.
/// - What was recorded later did not happen earlier: in order of time, the ids ascend.
/// - The ticket stands as its traces left it: its status, priority, category, appointment and the moment of its last
///   change. What no trace ever mentions is not compared, but for the appointment, which only traces make; nor is the
///   last change of a ticket that does not say when that was.
///
/// ```
/// use wts_domain::{
///     Category, Finding, StaffId, Status, StudentId, Ticket, TicketId, Timestamp, Trace, TraceId, audit_history,
/// };
///
/// let (id, at) = ("123".parse::<TicketId>()?, "2025-12-06T10:00:00Z".parse::<Timestamp>()?);
/// let mut ticket = Ticket::new(id, StudentId::from("2024310001"), at, Category::Others, "断网".to_owned());
/// let mut created = Trace::new(TraceId::new(1), id, at, StaffId::from(StaffId::USER));
/// created.new_status = Some(Status::Fresh);
/// let history = [created];
/// assert_eq!(audit_history(&ticket, &history), []);
///
/// ticket.status = Status::Solved;
/// let findings = audit_history(&ticket, &history);
/// assert_eq!(findings[0].to_string(), "the ticket's status is solved, but its traces leave it fresh");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn audit_history<'a>(
    ticket: &Ticket,
    traces: impl IntoIterator<Item = &'a Trace>,
) -> Vec<Finding> {
    let mut audit = HistoryAudit::new(ticket);
    let mut findings: Vec<_> = traces
        .into_iter()
        .flat_map(|trace| audit.push(trace))
        .collect();
    findings.extend(audit.finish());
    findings
}

/// [`audit_history`] for a history that arrives trace by trace, however long it is.
///
/// ```
/// use wts_domain::{
///     Category, Finding, HistoryAudit, StaffId, StudentId, Ticket, TicketId, Timestamp, Trace, TraceId,
/// };
///
/// let (id, at) = ("123".parse::<TicketId>()?, "2025-12-06T10:00:00Z".parse::<Timestamp>()?);
/// let ticket = Ticket::new(id, StudentId::from("2024310001"), at, Category::Others, "断网".to_owned());
/// let mut audit = HistoryAudit::new(&ticket);
///
/// let remark = Trace::new(TraceId::new(1), id, at, StaffId::from("W007"));
/// let findings: Vec<_> = audit.push(&remark).collect();
/// assert_eq!(findings, [Finding::NotCreated { trace: TraceId::new(1), status: None }]);
/// assert_eq!(audit.finish().count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct HistoryAudit {
    ticket: TicketFields,
    ticket_updated_at: Option<Timestamp>,
    replayed: TicketFields,
    /// The id and the timestamp of the last trace.
    last: Option<(TraceId, Timestamp)>,
}

impl HistoryAudit {
    /// An audit of `ticket` before its first trace.
    pub fn new(ticket: &Ticket) -> Self {
        Self {
            ticket: TicketFields::from(ticket),
            ticket_updated_at: ticket.last_updated_at,
            replayed: TicketFields::default(),
            last: None,
        }
    }

    /// Takes the next trace and returns which rules it breaks.
    pub fn push(&mut self, trace: &Trace) -> impl Iterator<Item = Finding> + use<> {
        let findings = broken_rules(self.last.map(|(id, _)| id), self.replayed.status, trace);
        self.last = Some((trace.id, trace.updated_at));
        self.replayed.apply(trace);
        findings
    }

    /// Ends the history and returns what is wrong with it as a whole.
    pub fn finish(self) -> impl Iterator<Item = Finding> {
        let Self {
            ticket,
            ticket_updated_at,
            replayed,
            last,
        } = self;
        let no_traces = last.is_none().then_some(Finding::NoTraces);
        let differences = last.map(|(_, replayed_updated_at)| {
            [
                differing(ticket.status, replayed.status)
                    .map(|(ticket, traces)| Finding::StatusDiffers { ticket, traces }),
                differing(ticket.priority, replayed.priority)
                    .map(|(ticket, traces)| Finding::PriorityDiffers { ticket, traces }),
                differing(ticket.category, replayed.category)
                    .map(|(ticket, traces)| Finding::CategoryDiffers { ticket, traces }),
                // Only traces make an appointment, so no appointment is compared too.
                differing(Some(ticket.appointment), Some(replayed.appointment))
                    .map(|(ticket, traces)| Finding::AppointmentDiffers { ticket, traces }),
                differing(ticket_updated_at, Some(replayed_updated_at))
                    .map(|(ticket, traces)| Finding::LastUpdateDiffers { ticket, traces }),
            ]
        });
        no_traces
            .into_iter()
            .chain(differences.into_iter().flatten().flatten())
    }
}

/// Returns both values if both are known and differ.
fn differing<T: PartialEq>(ticket: Option<T>, replayed: Option<T>) -> Option<(T, T)> {
    ticket
        .zip(replayed)
        .filter(|(ticket, replayed)| ticket != replayed)
}

#[cfg(test)]
mod tests;
