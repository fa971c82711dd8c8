//! The rules that a ticket's history obeys: a function from a ticket and its traces to what breaks them.

mod finding;

pub use finding::Finding;

use crate::{Category, Day, Priority, Status, Ticket, Timestamp, Trace, TraceId};

/// What breaks the rules in a history: nothing, if all is well.
///
/// `traces` are all traces of `ticket`, oldest first, what happened at the same moment by ascending id. The rules are:
///
/// - There is a trace, and the first is the ticket's creation: it makes the status [`Status::Fresh`].
/// - Every later status is one that [`Status::may_become`] allows.
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
        .flat_map(|trace| audit.follow(trace))
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
/// let findings: Vec<_> = audit.follow(&remark).collect();
/// assert_eq!(findings, [Finding::NotCreated { trace: TraceId::new(1), status: None }]);
/// assert_eq!(audit.finish().count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct HistoryAudit {
    ticket: Columns,
    traces: Sum,
    last: Option<TraceId>,
}

/// The columns of a ticket that traces change.
#[derive(Debug, Clone)]
struct Columns {
    status: Status,
    priority: Priority,
    category: Category,
    appointed_at: Option<Day>,
    last_updated_at: Option<Timestamp>,
}

/// What the traces so far add up to.
#[derive(Debug, Clone, Default)]
struct Sum {
    status: Option<Status>,
    priority: Option<Priority>,
    category: Option<Category>,
    appointed_at: Option<Day>,
    last_updated_at: Option<Timestamp>,
}

impl HistoryAudit {
    /// The history of `ticket`, none of whose traces has been seen.
    pub fn new(ticket: &Ticket) -> Self {
        Self {
            ticket: Columns {
                status: ticket.status,
                priority: ticket.priority,
                category: ticket.category,
                appointed_at: ticket.appointed_at,
                last_updated_at: ticket.last_updated_at,
            },
            traces: Sum::default(),
            last: None,
        }
    }

    /// Takes the next trace and says what it breaks.
    pub fn follow(&mut self, trace: &Trace) -> impl Iterator<Item = Finding> + use<> {
        let step = match (self.last, self.traces.status, trace.new_status) {
            (None, _, Some(Status::Fresh)) | (Some(_), _, None) => None,
            (None, _, found) => Some(Finding::NotCreated {
                trace: trace.id,
                status: found,
            }),
            (Some(_), Some(from), Some(to)) if !from.may_become(to) => {
                Some(Finding::StepNotAllowed {
                    trace: trace.id,
                    from,
                    to,
                })
            }
            (Some(_), _, Some(_)) => None,
        };
        let order = self
            .last
            .filter(|last| *last >= trace.id)
            .map(|after| Finding::OutOfOrder {
                trace: trace.id,
                after,
            });
        self.last = Some(trace.id);
        self.traces.add(trace);
        step.into_iter().chain(order)
    }

    /// Ends the history and says what is wrong with it as a whole.
    pub fn finish(self) -> impl Iterator<Item = Finding> {
        let Self {
            ticket,
            traces,
            last,
        } = self;
        let no_traces = last.is_none().then_some(Finding::NoTraces);
        let differences = last.map(|_| {
            [
                differing(ticket.status, traces.status)
                    .map(|(ticket, traces)| Finding::StatusDiffers { ticket, traces }),
                differing(ticket.priority, traces.priority)
                    .map(|(ticket, traces)| Finding::PriorityDiffers { ticket, traces }),
                differing(ticket.category, traces.category)
                    .map(|(ticket, traces)| Finding::CategoryDiffers { ticket, traces }),
                differing(ticket.appointed_at, Some(traces.appointed_at))
                    .map(|(ticket, traces)| Finding::AppointmentDiffers { ticket, traces }),
                ticket
                    .last_updated_at
                    .and_then(|moment| differing(moment, traces.last_updated_at))
                    .map(|(ticket, traces)| Finding::LastUpdateDiffers { ticket, traces }),
            ]
        });
        no_traces
            .into_iter()
            .chain(differences.into_iter().flatten().flatten())
    }
}

impl Sum {
    fn add(&mut self, trace: &Trace) {
        self.status = trace.new_status.or(self.status);
        self.priority = trace.new_priority.or(self.priority);
        self.category = trace.new_category.or(self.category);
        self.appointed_at = trace.new_appointment.or(self.appointed_at);
        self.last_updated_at = Some(trace.updated_at);
    }
}

/// Both values, where there are two and they are not the same.
fn differing<T: PartialEq>(ticket: T, traces: Option<T>) -> Option<(T, T)> {
    let traces = traces?;
    (ticket != traces).then_some((ticket, traces))
}

#[cfg(test)]
mod tests;
