//! The state of a ticket at a point of its history.

#[cfg(feature = "serde")]
mod serialize;

use std::collections::BTreeSet;

use crate::{
    FieldChange, FieldValue, HistoryFinding, Status, TicketField, TicketFields, Timestamp, Trace,
    TraceChanges, TraceId, changes::Chronology, rules::broken_rules,
};

/// The state of a ticket that results from its traces. A pure function of the traces: no clock is read.
///
/// The default is the state before the first trace, in which nothing has a value.
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
    /// The status, priority, appointment and category.
    pub fields: TicketFields,
    /// The timestamp of the first trace.
    pub created_at: Option<Timestamp>,
    /// The timestamp of the last trace.
    pub last_updated_at: Option<Timestamp>,
    /// Every visit of a status, oldest first. Only the last one is open.
    pub time_in_status: Vec<StatusVisit>,
    /// The rules that the traces break.
    pub findings: BTreeSet<HistoryFinding>,
    /// The id of the last trace.
    last: Option<TraceId>,
}

impl TicketState {
    /// Returns the state after all traces of a ticket. The slice may have any order.
    ///
    /// If the slice is empty, the state has the finding [`HistoryFinding::NoTraces`] and nothing else.
    pub fn from_traces(traces: &[Trace]) -> Self {
        Self::from_traces_as_of(traces, Timestamp::INFINITY)
    }

    /// Returns the state at a point in time: after those traces of a ticket whose `updated_at` is at or before `as_of`. The
    /// slice may have any order.
    ///
    /// Before the first trace this is the default state, without findings. [`HistoryFinding::NoTraces`] is reported only
    /// if the slice is empty.
    pub fn from_traces_as_of(traces: &[Trace], as_of: Timestamp) -> Self {
        let mut state = Self::default();
        if traces.is_empty() {
            state.findings.insert(HistoryFinding::NoTraces);
        }
        let traces = Chronology::new(traces);
        for trace in traces.iter().take_while(|trace| trace.updated_at <= as_of) {
            state.apply(trace);
        }
        state
    }

    /// Applies the next trace and returns the changes that it made.
    ///
    /// The traces of a history are applied oldest first, traces with the same timestamp by ascending id. Use
    /// [`TicketFields::apply`] where only the fields and the changes are needed: it keeps no list of visits.
    pub fn apply(&mut self, trace: &Trace) -> TraceChanges {
        self.findings.remove(&HistoryFinding::NoTraces);
        let broken = broken_rules(self.last, self.fields.status, trace);
        self.findings
            .extend(broken.filter_map(|finding| finding.kind()));

        let changes = self.fields.apply(trace);
        if let Some(FieldChange {
            to: FieldValue::Status(status),
            ..
        }) = changes.get(TicketField::Status)
        {
            if let Some(visit) = self.time_in_status.last_mut() {
                visit.until = Some(trace.updated_at);
            }
            self.time_in_status.push(StatusVisit {
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

    /// The timestamp since which the ticket has its status, `None` if it has none.
    pub fn status_since(&self) -> Option<Timestamp> {
        self.time_in_status.last().map(|visit| visit.from)
    }
}

/// A visit of a status: the time between the trace that gave the ticket the status and the trace that gave it another.
///
/// A trace that sets the same status again does not end the visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StatusVisit {
    /// The status.
    pub status: Status,
    /// The timestamp of the trace that began the visit.
    pub from: Timestamp,
    /// The timestamp of the trace that ended the visit, `None` while it is open.
    pub until: Option<Timestamp>,
}

impl StatusVisit {
    /// The length in seconds: the difference of both ends, each rounded down to a whole second. So the lengths of
    /// successive visits add up without rounding errors.
    ///
    /// `None` if the visit is open or an end is infinite.
    pub fn seconds(&self) -> Option<i64> {
        let (from, until) = (self.from.unix_seconds()?, self.until?.unix_seconds()?);
        Some(until - from)
    }
}

#[cfg(test)]
mod tests;
