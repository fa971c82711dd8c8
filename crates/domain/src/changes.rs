//! The changes that traces make: the value of each field before and after a trace.

mod ordered_traces;

use std::borrow::Borrow;

pub(crate) use self::ordered_traces::OrderedTraces;
use crate::{FieldValue, TicketField, TicketFields, TicketHistory, Trace};

/// A change of one ticket field by one trace.
///
/// ```
/// use wts_domain::{FieldValue, StaffId, Status, TicketField, TicketFields, TicketId, Timestamp, Trace, TraceId};
///
/// let (ticket, at) = ("123".parse::<TicketId>()?, "2025-12-06T10:00:00Z".parse::<Timestamp>()?);
/// let mut trace = Trace::new(TraceId::new(1), ticket, at, StaffId::from(StaffId::USER));
/// trace.new_status = Some(Status::Fresh);
///
/// let change = TicketFields::default().apply(&trace).get(TicketField::Status).ok_or("no change")?;
/// assert_eq!(change.from, None);
/// assert_eq!(change.to, FieldValue::Status(Status::Fresh));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FieldChange {
    /// The value before the trace, `None` if the field had no value. It always differs from `to`.
    pub from: Option<FieldValue>,
    /// The value after the trace.
    pub to: FieldValue,
}

impl FieldChange {
    /// The field that changed.
    pub const fn field(&self) -> TicketField {
        self.to.field()
    }
}

/// The changes that one trace made: at most one for each field, in the order of [`TicketField::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TraceChanges([Option<FieldChange>; 4]);

impl TraceChanges {
    fn between(before: &TicketFields, after: &TicketFields) -> Self {
        use TicketField::{Appointment, Category, Priority, Status};
        Self([Status, Priority, Appointment, Category].map(|field| {
            let from = before.get(field);
            let to = after.get(field)?;
            (from != Some(to)).then_some(FieldChange { from, to })
        }))
    }

    /// Returns the change of a field, or `None` if the trace did not change that field.
    pub fn get(&self, field: TicketField) -> Option<FieldChange> {
        self.iter().find(|change| change.field() == field)
    }

    /// Iterates over the changes, in the order of [`TicketField::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = FieldChange> + use<> {
        self.0.into_iter().flatten()
    }

    /// Whether the trace changed no field. Setting a field to its current value is not a change.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl TicketFields {
    /// Applies a trace: each field that the trace sets gets the new value. Returns the changes.
    ///
    /// Apply the traces of a history in ascending order of `updated_at`, then of id. One call takes constant time and
    /// memory, so this function can process a stream of traces.
    ///
    /// All functions of this crate that read a history call this function. A service that writes traces and calls it
    /// too therefore gets the same result as the services that read them.
    ///
    /// ```
    /// use wts_domain::{
    ///     Category, Date, StaffId, Status, StudentId, Ticket, TicketFields, TicketId, Timestamp, Trace, TraceId,
    /// };
    ///
    /// let (id, at) = ("123".parse::<TicketId>()?, "2025-12-06T10:00:00Z".parse::<Timestamp>()?);
    /// let ticket = Ticket::new(id, StudentId::from("2024310001"), at, Category::Others, "断网".to_owned());
    /// let mut trace = Trace::new(TraceId::new(2), id, at, StaffId::from("W007"));
    /// trace.new_status = Some(Status::Scheduled);
    /// trace.new_category = Some(Category::Others);
    /// trace.new_appointment = Some(Date::from_ymd(2025, 12, 8)?);
    ///
    /// let mut fields = TicketFields::from(&ticket);
    /// let changes = fields.apply(&trace);
    ///
    /// assert_eq!(fields.status, Some(Status::Scheduled));
    /// let changes: Vec<_> = changes
    ///     .iter()
    ///     .map(|change| {
    ///         let from = change.from.map_or(String::new(), |value| value.to_string());
    ///         format!("{}: {from:?} to {:?}", change.field(), change.to.to_string())
    ///     })
    ///     .collect();
    /// assert_eq!(changes, [r#"status: "fresh" to "scheduled""#, r#"appointment: "" to "2025-12-08""#]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply(&mut self, trace: &Trace) -> TraceChanges {
        let before = *self;
        self.status = trace.new_status.or(self.status);
        self.priority = trace.new_priority.or(self.priority);
        self.appointment = trace.new_appointment.or(self.appointment);
        self.category = trace.new_category.or(self.category);
        TraceChanges::between(&before, self)
    }
}

/// Returns an iterator over the traces of one ticket, each with the changes that it made, in ascending order of
/// `updated_at`, then of id. The slice does not need to be sorted.
///
/// The iterator is double-ended: `rev` starts with the newest trace. Iterating over all traces in either direction
/// takes linear time and allocates no list of changes. If the slice is not sorted, this function first sorts a list of
/// references to the traces.
///
/// ```
/// use wts_domain::{StaffId, Status, TicketId, Timestamp, Trace, TraceId, trace_changes};
///
/// let ticket: TicketId = "123".parse()?;
/// let trace = |id, at, status| {
///     let mut trace = Trace::new(TraceId::new(id), ticket, Timestamp::from_rfc3339(at)?, StaffId::from("W007"));
///     trace.new_status = Some(status);
///     Ok::<_, wts_domain::ParseTimeError>(trace)
/// };
/// let newest_first = [
///     trace(3, "2025-12-06T15:30:00Z", Status::Solved)?,
///     trace(1, "2025-12-06T10:00:00Z", Status::Fresh)?,
/// ];
///
/// let mut lines = Vec::new();
/// for (trace, changes) in trace_changes(&newest_first) {
///     for change in changes.iter() {
///         lines.push(format!("{}: {} to {}", trace.id, change.field(), change.to));
///     }
/// }
/// assert_eq!(lines, ["1: status to fresh", "3: status to solved"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn trace_changes(
    traces: &[Trace],
) -> impl DoubleEndedIterator<Item = (&Trace, TraceChanges)> + ExactSizeIterator {
    OrderedTraces::new(traces).into_changes()
}

impl TicketHistory {
    /// Returns the changes made by the trace at this index of [`traces`](Self::traces), or `None` if the index is out
    /// of range.
    ///
    /// Use this function where code keeps an index and cannot keep an iterator, for example while it streams a response
    /// body. One call for each index takes linear time in total.
    pub fn changes_at(&self, index: usize) -> Option<TraceChanges> {
        changes_at(&self.traces, index)
    }
}

/// Returns the changes made by the trace at this index, or `None` if the index is out of range. `traces` is sorted by
/// `updated_at`, then by id.
///
/// For each field that the trace sets, the function goes back to the last earlier trace that set the field, which has
/// the value before the change. Over the calls for all indexes, each trace is visited at most once per field, so these
/// calls take linear time in total.
fn changes_at<T: Borrow<Trace>>(traces: &[T], index: usize) -> Option<TraceChanges> {
    let (earlier, rest) = traces.split_at_checked(index)?;
    let trace = rest.first()?.borrow();
    let mut before = TicketFields {
        status: value_before(earlier, trace, |trace| trace.new_status),
        priority: value_before(earlier, trace, |trace| trace.new_priority),
        appointment: value_before(earlier, trace, |trace| trace.new_appointment),
        category: value_before(earlier, trace, |trace| trace.new_category),
    };
    Some(before.apply(trace))
}

/// Returns the value that a field had before `trace`. Returns `None` if the field had no value or `trace` does not set
/// it.
fn value_before<T: Borrow<Trace>, V>(
    earlier: &[T],
    trace: &Trace,
    new_value: impl Fn(&Trace) -> Option<V>,
) -> Option<V> {
    new_value(trace)?;
    earlier
        .iter()
        .rev()
        .find_map(|trace| new_value(trace.borrow()))
}

#[cfg(test)]
mod tests;
