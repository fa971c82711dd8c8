//! The audit of a ticket's history: compares a ticket and its traces with the rules for histories.

use crate::{HistoryFinding, Ticket, TicketFields, Timestamp, Trace, TraceId, rules::broken_rules};

/// Returns the rules that a history breaks. An empty list means that the history is valid.
///
/// `traces` contains all traces of `ticket` in ascending order of `updated_at`, then of id. The rules are:
///
/// - There is at least one trace. The first one creates the ticket: it sets the status
///   [`Status::Fresh`](crate::Status::Fresh).
/// - Every status change is allowed by [`Status::can_become`](crate::Status::can_become).
/// - The ids of the traces ascend with time.
/// - The ticket has the status, priority, category, appointment and time of last update that result from its traces. A
///   status, priority or category is compared only if a trace sets it. The time of last update is compared only if the
///   ticket has one. The appointment is always compared, because only traces set it.
///
/// ```
/// use wts_domain::{
///     Category, HistoryFinding, StaffId, Status, StudentId, Ticket, TicketId, Timestamp, Trace, TraceId, audit_history,
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
/// assert_eq!(findings[0].to_string(), "the ticket's status is solved, but its traces result in fresh");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn audit_history<'a>(
    ticket: &Ticket,
    traces: impl IntoIterator<Item = &'a Trace>,
) -> Vec<HistoryFinding> {
    let mut audit = HistoryAudit::new(ticket);
    let mut findings: Vec<_> = traces
        .into_iter()
        .flat_map(|trace| audit.push(trace))
        .collect();
    findings.extend(audit.finish());
    findings
}

/// An audit of a history that is read trace by trace. It needs constant memory.
///
/// [`audit_history`] returns the same findings for a history in memory.
///
/// ```
/// use wts_domain::{
///     Category, HistoryFinding, HistoryAudit, StaffId, StudentId, Ticket, TicketId, Timestamp, Trace, TraceId,
/// };
///
/// let (id, at) = ("123".parse::<TicketId>()?, "2025-12-06T10:00:00Z".parse::<Timestamp>()?);
/// let ticket = Ticket::new(id, StudentId::from("2024310001"), at, Category::Others, "断网".to_owned());
/// let mut audit = HistoryAudit::new(&ticket);
///
/// let remark = Trace::new(TraceId::new(1), id, at, StaffId::from("W007"));
/// let findings: Vec<_> = audit.push(&remark).collect();
/// assert_eq!(findings, [HistoryFinding::NotCreated { trace: TraceId::new(1), status: None }]);
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
    /// Creates an audit of the history of `ticket`, before its first trace.
    pub fn new(ticket: &Ticket) -> Self {
        Self {
            ticket: TicketFields::from(ticket),
            ticket_updated_at: ticket.last_updated_at,
            replayed: TicketFields::default(),
            last: None,
        }
    }

    /// Reads the next trace and returns the rules that it breaks.
    pub fn push(&mut self, trace: &Trace) -> impl Iterator<Item = HistoryFinding> + use<> {
        let findings = broken_rules(self.last.map(|(id, _)| id), self.replayed.status, trace);
        self.last = Some((trace.id, trace.updated_at));
        self.replayed.apply(trace);
        findings
    }

    /// Ends the audit. Returns the rules that only the whole history can break: that it has traces, and that the ticket
    /// has the values that result from them.
    pub fn finish(self) -> impl Iterator<Item = HistoryFinding> {
        let Self {
            ticket,
            ticket_updated_at,
            replayed,
            last,
        } = self;
        let no_traces = last.is_none().then_some(HistoryFinding::NoTraces);
        let differences = last.map(|(_, replayed_updated_at)| {
            [
                differing(ticket.status, replayed.status)
                    .map(|(ticket, traces)| HistoryFinding::StatusDiffers { ticket, traces }),
                differing(ticket.priority, replayed.priority)
                    .map(|(ticket, traces)| HistoryFinding::PriorityDiffers { ticket, traces }),
                differing(ticket.category, replayed.category)
                    .map(|(ticket, traces)| HistoryFinding::CategoryDiffers { ticket, traces }),
                // The appointment is always compared, because only traces set it.
                differing(Some(ticket.appointment), Some(replayed.appointment))
                    .map(|(ticket, traces)| HistoryFinding::AppointmentDiffers { ticket, traces }),
                differing(ticket_updated_at, Some(replayed_updated_at))
                    .map(|(ticket, traces)| HistoryFinding::LastUpdateDiffers { ticket, traces }),
            ]
        });
        no_traces
            .into_iter()
            .chain(differences.into_iter().flatten().flatten())
    }
}

/// Returns both values if both are present and differ.
fn differing<T: PartialEq>(ticket: Option<T>, replayed: Option<T>) -> Option<(T, T)> {
    ticket
        .zip(replayed)
        .filter(|(ticket, replayed)| ticket != replayed)
}

#[cfg(test)]
mod tests;
