//! What can be wrong with a history.

use std::fmt;

use crate::{Category, Day, Priority, Status, Timestamp, TraceId, label_enum::label_enum};

label_enum! {
    /// A rule that the traces of a history break: a [`Finding`] without its details. Listed in the order in which
    /// findings are reported.
    #[derive(PartialOrd, Ord)]
    pub enum HistoryFinding, "finding" {
        /// The ticket has no traces: [`Finding::NoTraces`].
        NoTraces = "no_traces", "没有任何记录", "No traces";
        /// The first trace does not make the status [`Status::Fresh`]: [`Finding::NotCreated`].
        NotCreated = "not_created", "首条记录不是创建", "Creation missing";
        /// A status follows one that it cannot follow: [`Finding::StepNotAllowed`].
        StepNotAllowed = "step_not_allowed", "状态变更不符合规则", "Status step not allowed";
        /// The ids of the traces do not ascend with time: [`Finding::OutOfOrder`].
        OutOfOrder = "out_of_order", "记录编号与时间顺序不符", "Ids out of order";
    }
}

/// A rule that a history breaks, and where.
///
/// ```
/// use wts_domain::{Finding, TraceId};
///
/// let finding = Finding::OutOfOrder { trace: TraceId::new(3), after: TraceId::new(7) };
/// assert_eq!(finding.trace(), Some(TraceId::new(3)));
/// assert_eq!(Finding::NoTraces.trace(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The ticket has no traces, not even that of its creation.
    NoTraces,
    /// The first trace is not the ticket's creation: it does not make the status [`Status::Fresh`].
    NotCreated {
        /// The first trace.
        trace: TraceId,
        /// The status that it gives instead, if any.
        status: Option<Status>,
    },
    /// A status that cannot come after the one before it.
    StepNotAllowed {
        /// The trace that takes the step.
        trace: TraceId,
        /// The status before.
        from: Status,
        /// The status that it gives.
        to: Status,
    },
    /// A trace whose id is not greater than that of the trace before it in time.
    OutOfOrder {
        /// The later of the two in time.
        trace: TraceId,
        /// The trace before it in time.
        after: TraceId,
    },
    /// The ticket's status is not the one that its traces leave it with.
    StatusDiffers {
        /// What stands in the ticket.
        ticket: Status,
        /// What the traces leave.
        traces: Status,
    },
    /// The ticket's priority is not the one that its traces leave it with.
    PriorityDiffers {
        /// What stands in the ticket.
        ticket: Priority,
        /// What the traces leave.
        traces: Priority,
    },
    /// The ticket's category is not the one that its traces leave it with.
    CategoryDiffers {
        /// What stands in the ticket.
        ticket: Category,
        /// What the traces leave.
        traces: Category,
    },
    /// The ticket's appointment is not the one that its traces leave it with.
    AppointmentDiffers {
        /// What stands in the ticket.
        ticket: Option<Day>,
        /// What the traces leave.
        traces: Option<Day>,
    },
    /// The moment of the ticket's last change is not that of its last trace.
    LastUpdateDiffers {
        /// What stands in the ticket.
        ticket: Timestamp,
        /// The moment of the last trace.
        traces: Timestamp,
    },
}

impl Finding {
    /// The trace that breaks the rule, where it is not the ticket as a whole that does.
    pub fn trace(&self) -> Option<TraceId> {
        match self {
            Self::NotCreated { trace, .. }
            | Self::StepNotAllowed { trace, .. }
            | Self::OutOfOrder { trace, .. } => Some(*trace),
            Self::NoTraces
            | Self::StatusDiffers { .. }
            | Self::PriorityDiffers { .. }
            | Self::CategoryDiffers { .. }
            | Self::AppointmentDiffers { .. }
            | Self::LastUpdateDiffers { .. } => None,
        }
    }

    /// Returns the rule without the details. `None` if the finding is a difference between the ticket and its traces.
    ///
    /// ```
    /// use wts_domain::{Finding, HistoryFinding, TraceId};
    ///
    /// let finding = Finding::OutOfOrder { trace: TraceId::new(3), after: TraceId::new(7) };
    /// assert_eq!(finding.kind(), Some(HistoryFinding::OutOfOrder));
    /// ```
    pub fn kind(&self) -> Option<HistoryFinding> {
        match self {
            Self::NoTraces => Some(HistoryFinding::NoTraces),
            Self::NotCreated { .. } => Some(HistoryFinding::NotCreated),
            Self::StepNotAllowed { .. } => Some(HistoryFinding::StepNotAllowed),
            Self::OutOfOrder { .. } => Some(HistoryFinding::OutOfOrder),
            Self::StatusDiffers { .. }
            | Self::PriorityDiffers { .. }
            | Self::CategoryDiffers { .. }
            | Self::AppointmentDiffers { .. }
            | Self::LastUpdateDiffers { .. } => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTraces => f.write_str("the ticket has no traces, not even of its creation"),
            Self::NotCreated {
                status: Some(status),
                ..
            } => write!(
                f,
                "the first trace is not the creation: it makes the status {status}, not fresh"
            ),
            Self::NotCreated { status: None, .. } => {
                f.write_str("the first trace is not the creation: it gives no status")
            }
            Self::StepNotAllowed { from, to, .. } => {
                write!(f, "the status goes from {from} to {to}, which is no step")
            }
            Self::OutOfOrder { after, .. } => write!(
                f,
                "the trace comes after trace {after} in time, but its id does not"
            ),
            Self::StatusDiffers { ticket, traces } => differ(f, "status", ticket, traces),
            Self::PriorityDiffers { ticket, traces } => differ(f, "priority", ticket, traces),
            Self::CategoryDiffers { ticket, traces } => differ(f, "category", ticket, traces),
            Self::AppointmentDiffers { ticket, traces } => {
                differ(f, "appointment", &or_none(*ticket), &or_none(*traces))
            }
            Self::LastUpdateDiffers { ticket, traces } => differ(f, "last change", ticket, traces),
        }
    }
}

fn differ(
    f: &mut fmt::Formatter<'_>,
    column: &str,
    ticket: &dyn fmt::Display,
    traces: &dyn fmt::Display,
) -> fmt::Result {
    write!(
        f,
        "the ticket's {column} is {ticket}, but its traces leave it {traces}"
    )
}

fn or_none(day: Option<Day>) -> String {
    day.map_or_else(|| "none".to_owned(), |day| day.to_string())
}
