//! Findings: the rules that a history breaks.

use std::fmt;

use crate::{Category, Date, Priority, Status, Timestamp, TraceId, label_enum::label_enum};

label_enum! {
    /// The kind of a [`HistoryFinding`] about the traces of a history. The API lists findings in the order of these
    /// variants.
    #[derive(PartialOrd, Ord)]
    pub enum HistoryFindingKind, "finding" {
        /// See [`HistoryFinding::NoTraces`].
        NoTraces = "no_traces", "没有任何记录", "No traces";
        /// See [`HistoryFinding::NotCreated`].
        NotCreated = "not_created", "首条记录不是创建", "Creation missing";
        /// See [`HistoryFinding::StepNotAllowed`].
        StepNotAllowed = "step_not_allowed", "状态变更不符合规则", "Status step not allowed";
        /// See [`HistoryFinding::OutOfOrder`].
        OutOfOrder = "out_of_order", "记录编号与时间顺序不符", "Ids out of order";
    }
}

/// A rule that a history breaks, with the traces and values that break it.
///
/// ```
/// use wts_domain::{HistoryFinding, TraceId};
///
/// let finding = HistoryFinding::OutOfOrder { trace: TraceId::new(3), after: TraceId::new(7) };
/// assert_eq!(finding.trace(), Some(TraceId::new(3)));
/// assert_eq!(HistoryFinding::NoTraces.trace(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryFinding {
    /// The ticket has no traces.
    NoTraces,
    /// The first trace does not create the ticket: it does not set the status [`Status::Fresh`].
    NotCreated {
        /// The id of the first trace.
        trace: TraceId,
        /// The status that the first trace sets, if any.
        status: Option<Status>,
    },
    /// A status change that [`Status::can_become`] does not allow.
    StepNotAllowed {
        /// The id of the trace that changes the status.
        trace: TraceId,
        /// The status before the change.
        from: Status,
        /// The status after the change.
        to: Status,
    },
    /// A trace whose id is not greater than the id of the preceding trace.
    OutOfOrder {
        /// The id of the trace that is out of order.
        trace: TraceId,
        /// The id of the preceding trace.
        after: TraceId,
    },
    /// The ticket's status differs from the status that results from its traces.
    StatusDiffers {
        /// The status in the ticket.
        ticket: Status,
        /// The status that results from the traces.
        traces: Status,
    },
    /// The ticket's priority differs from the priority that results from its traces.
    PriorityDiffers {
        /// The priority in the ticket.
        ticket: Priority,
        /// The priority that results from the traces.
        traces: Priority,
    },
    /// The ticket's category differs from the category that results from its traces.
    CategoryDiffers {
        /// The category in the ticket.
        ticket: Category,
        /// The category that results from the traces.
        traces: Category,
    },
    /// The ticket's appointment differs from the appointment that results from its traces.
    AppointmentDiffers {
        /// The appointment in the ticket.
        ticket: Option<Date>,
        /// The appointment that results from the traces.
        traces: Option<Date>,
    },
    /// The ticket's `last_updated_at` differs from the timestamp of its last trace.
    LastUpdateDiffers {
        /// The `last_updated_at` of the ticket.
        ticket: Timestamp,
        /// The timestamp of the last trace.
        traces: Timestamp,
    },
}

impl HistoryFinding {
    /// Returns the id of the trace that breaks the rule, `None` if the finding is about the whole history.
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

    /// Returns the kind of the finding, `None` if the finding is a difference between the ticket and its traces.
    ///
    /// ```
    /// use wts_domain::{HistoryFinding, HistoryFindingKind, TraceId};
    ///
    /// let finding = HistoryFinding::OutOfOrder { trace: TraceId::new(3), after: TraceId::new(7) };
    /// assert_eq!(finding.kind(), Some(HistoryFindingKind::OutOfOrder));
    /// ```
    pub fn kind(&self) -> Option<HistoryFindingKind> {
        match self {
            Self::NoTraces => Some(HistoryFindingKind::NoTraces),
            Self::NotCreated { .. } => Some(HistoryFindingKind::NotCreated),
            Self::StepNotAllowed { .. } => Some(HistoryFindingKind::StepNotAllowed),
            Self::OutOfOrder { .. } => Some(HistoryFindingKind::OutOfOrder),
            Self::StatusDiffers { .. }
            | Self::PriorityDiffers { .. }
            | Self::CategoryDiffers { .. }
            | Self::AppointmentDiffers { .. }
            | Self::LastUpdateDiffers { .. } => None,
        }
    }
}

impl fmt::Display for HistoryFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTraces => f.write_str("the ticket has no traces"),
            Self::NotCreated {
                status: Some(status),
                ..
            } => write!(
                f,
                "the first trace does not create the ticket: expected status fresh, found {status}"
            ),
            Self::NotCreated { status: None, .. } => f.write_str(
                "the first trace does not create the ticket: expected status fresh, found none",
            ),
            Self::StepNotAllowed { from, to, .. } => {
                write!(f, "status change not allowed: from {from} to {to}")
            }
            Self::OutOfOrder { after, .. } => write!(
                f,
                "trace id out of order: expected an id above {after}, the id of the preceding trace"
            ),
            Self::StatusDiffers { ticket, traces } => write_difference(f, "status", ticket, traces),
            Self::PriorityDiffers { ticket, traces } => {
                write_difference(f, "priority", ticket, traces)
            }
            Self::CategoryDiffers { ticket, traces } => {
                write_difference(f, "category", ticket, traces)
            }
            Self::AppointmentDiffers { ticket, traces } => write_difference(
                f,
                "appointment",
                &date_or_none(*ticket),
                &date_or_none(*traces),
            ),
            Self::LastUpdateDiffers { ticket, traces } => {
                write_difference(f, "last update", ticket, traces)
            }
        }
    }
}

fn write_difference(
    f: &mut fmt::Formatter<'_>,
    field: &str,
    ticket: &dyn fmt::Display,
    traces: &dyn fmt::Display,
) -> fmt::Result {
    write!(
        f,
        "the ticket's {field} is {ticket}, but its traces result in {traces}"
    )
}

fn date_or_none(date: Option<Date>) -> String {
    date.map_or_else(|| "none".to_owned(), |date| date.to_string())
}
