//! Ticket states: the field values, status periods and findings of a ticket at one point in its history.

#[cfg(feature = "serde")]
mod serialize;

use std::collections::BTreeSet;

use crate::{
    FieldChange, FieldValue, HistoryFindingKind, Status, TicketField, TicketFields, Timestamp,
    Trace, TraceChanges, TraceId, changes::OrderedTraces, rules::broken_rules,
};

/// The state of a ticket that results from its traces. The state depends on the traces alone, not on the current time.
///
/// The default value is the state before the first trace: no field has a value, and all lists are empty.
///
/// ```
/// use wts_domain::{StaffId, Status, TicketId, TicketState, Timestamp, Trace, TraceId};
///
/// let ticket: TicketId = "123".parse()?;
/// let trace = |id, at, status| {
///     let mut trace = Trace::new(TraceId::new(id), ticket, Timestamp::from_rfc3339(at)?, StaffId::from("W007"));
///     trace.new_status = Some(status);
///     Ok::<_, wts_domain::ParseTimeError>(trace)
/// };
/// let traces = [
///     trace(1, "2025-12-06T10:00:00Z", Status::Fresh)?,
///     trace(3, "2025-12-06T15:30:00Z", Status::Solved)?,
/// ];
///
/// let state = TicketState::from_traces(&traces);
/// assert_eq!(state.fields.status, Some(Status::Solved));
/// assert_eq!(state.status_since(), Some(traces[1].updated_at));
/// assert_eq!(state.time_in_status[0].seconds(), Some(19_800));
/// assert_eq!(state.time_in_status[1].until, None, "the ticket still has this status");
/// assert!(state.findings.is_empty());
///
/// let noon = "2025-12-06T12:00:00Z".parse()?;
/// let earlier = TicketState::from_traces_as_of(&traces, noon);
/// assert_eq!(earlier.fields.status, Some(Status::Fresh));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TicketState {
    /// The values of the ticket's status, priority, appointment and category.
    pub fields: TicketFields,
    /// The timestamp of the first trace, `None` before it.
    pub created_at: Option<Timestamp>,
    /// The timestamp of the last trace, `None` before the first trace.
    pub last_updated_at: Option<Timestamp>,
    /// The periods in which the ticket had one status, oldest first. Only the last period can be open.
    pub time_in_status: Vec<StatusPeriod>,
    /// The kinds of rules that the traces break.
    pub findings: BTreeSet<HistoryFindingKind>,
    /// The id of the last trace.
    last: Option<TraceId>,
}

impl TicketState {
    /// Returns the state after all traces of a ticket. The slice does not need to be sorted.
    ///
    /// If the slice is empty, the only finding is [`HistoryFindingKind::NoTraces`].
    pub fn from_traces(traces: &[Trace]) -> Self {
        Self::from_traces_as_of(traces, Timestamp::INFINITY)
    }

    /// Returns the state of a ticket at the time `as_of`: the result of all traces with `updated_at` at or before it.
    /// The slice does not need to be sorted.
    ///
    /// If all traces are later, the result is the default state without findings. Only an empty slice gives the finding
    /// [`HistoryFindingKind::NoTraces`].
    pub fn from_traces_as_of(traces: &[Trace], as_of: Timestamp) -> Self {
        let mut state = Self::default();
        if traces.is_empty() {
            state.findings.insert(HistoryFindingKind::NoTraces);
        }
        let traces = OrderedTraces::new(traces);
        for trace in traces.iter().take_while(|trace| trace.updated_at <= as_of) {
            state.apply(trace);
        }
        state
    }

    /// Applies the next trace and returns the changes that it made.
    ///
    /// Apply the traces of a history in ascending order of `updated_at`, then of id. If you need only the field values
    /// and the changes, use [`TicketFields::apply`], which builds no list of status periods.
    pub fn apply(&mut self, trace: &Trace) -> TraceChanges {
        self.findings.remove(&HistoryFindingKind::NoTraces);
        let broken = broken_rules(self.last, self.fields.status, trace);
        self.findings
            .extend(broken.filter_map(|finding| finding.kind()));

        let changes = self.fields.apply(trace);
        if let Some(FieldChange {
            to: FieldValue::Status(status),
            ..
        }) = changes.get(TicketField::Status)
        {
            if let Some(period) = self.time_in_status.last_mut() {
                period.until = Some(trace.updated_at);
            }
            self.time_in_status.push(StatusPeriod {
                status,
                from: trace.updated_at,
                until: None,
            });
        }

        self.created_at.get_or_insert(trace.updated_at);
        self.last_updated_at = Some(trace.updated_at);
        self.last = Some(trace.id);
        changes
    }

    /// Returns the time at which the ticket got its current status, `None` if the ticket has no status.
    pub fn status_since(&self) -> Option<Timestamp> {
        self.time_in_status.last().map(|period| period.from)
    }
}

/// A period in which a ticket had one status. The period begins with the trace that set the status and ends with the
/// next trace that set a different status.
///
/// A trace that sets the current status again does not end the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StatusPeriod {
    /// The status of the ticket during the period.
    pub status: Status,
    /// The timestamp of the trace that began the period.
    pub from: Timestamp,
    /// The timestamp of the trace that ended the period, `None` while it is open.
    pub until: Option<Timestamp>,
}

impl StatusPeriod {
    /// Returns the length of the period in seconds. Both ends are rounded down to whole seconds before they are
    /// subtracted, so the lengths of consecutive periods add up without rounding errors.
    ///
    /// Returns `None` if the period is open or one of its ends is infinite.
    pub fn seconds(&self) -> Option<i64> {
        let (from, until) = (self.from.unix_seconds()?, self.until?.unix_seconds()?);
        Some(until - from)
    }
}

#[cfg(test)]
mod tests;
