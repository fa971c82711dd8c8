//! Traces, and histories of tickets.

#[cfg(feature = "serde")]
use crate::serde_impls::{none_as_empty, null_as_empty};
use crate::{Category, Date, Priority, StaffId, Status, StudentId, TicketId, Timestamp, TraceId};

/// A record in a ticket's history: an action on the ticket, with its time, its actor and the new values that it set.
///
/// A field that the action did not set is `None`.
///
/// ```
/// use wts_domain::{StaffId, Status, TicketId, Timestamp, Trace, TraceId};
///
/// let ticket: TicketId = "123".parse()?;
/// let mut trace = Trace::new(TraceId::new(3), ticket, Timestamp::from_unix_seconds(1_765_035_000)?, StaffId::from("W007"));
/// trace.new_status = Some(Status::Solved);
///
/// assert_eq!(trace.updated_at.to_string(), "2025-12-06T15:30:00Z");
/// assert_eq!(trace.new_priority, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Trace {
    /// The trace number, assigned by the database.
    #[cfg_attr(feature = "serde", serde(rename = "opid"))]
    pub id: TraceId,
    /// The ticket that the trace belongs to.
    #[cfg_attr(feature = "serde", serde(rename = "tid"))]
    pub ticket: TicketId,
    /// The time of the action.
    pub updated_at: Timestamp,
    /// The staff number of the actor.
    pub op: StaffId,
    /// The name of the actor, empty if unknown.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_as_empty"))]
    pub op_name: String,
    /// The new status, `None` if the action did not set it.
    #[cfg_attr(feature = "serde", serde(default, with = "none_as_empty"))]
    pub new_status: Option<Status>,
    /// The new priority, `None` if the action did not set it.
    #[cfg_attr(feature = "serde", serde(default, with = "none_as_empty"))]
    pub new_priority: Option<Priority>,
    /// The new date of the appointment, `None` if the action did not set it.
    #[cfg_attr(feature = "serde", serde(default, with = "none_as_empty"))]
    pub new_appointment: Option<Date>,
    /// The new category, `None` if the action did not set it.
    #[cfg_attr(feature = "serde", serde(default, with = "none_as_empty"))]
    pub new_category: Option<Category>,
    /// The actor's remark, often empty.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_as_empty"))]
    pub remark: String,
}

impl Trace {
    /// Creates a trace without new values and without a remark. To add them, assign to the fields.
    pub fn new(id: TraceId, ticket: TicketId, updated_at: Timestamp, op: StaffId) -> Self {
        Self {
            id,
            ticket,
            updated_at,
            op,
            op_name: String::new(),
            new_status: None,
            new_priority: None,
            new_appointment: None,
            new_category: None,
            remark: String::new(),
        }
    }
}

/// The complete history of a ticket: its issuer and all its traces.
///
/// ```
/// use wts_domain::{StaffId, StudentId, TicketHistory, TicketId, Timestamp, Trace, TraceId};
///
/// let ticket: TicketId = "123".parse()?;
/// let trace = |id, at| Ok::<_, wts_domain::ParseTimeError>(
///     Trace::new(TraceId::new(id), ticket, Timestamp::from_rfc3339(at)?, StaffId::from("W007")),
/// );
/// let traces = vec![trace(2, "2025-12-07T09:00:00Z")?, trace(1, "2025-12-06T18:00:00+08:00")?];
///
/// let history = TicketHistory::new(StudentId::from("2024310001"), traces);
///
/// assert_eq!(history.traces[0].id, TraceId::new(1), "oldest first");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TicketHistory {
    /// The student who filed the ticket.
    pub issuer: StudentId,
    /// All traces of the ticket in ascending order of `updated_at`, then of id.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "deserialize_sorted"))]
    pub traces: Vec<Trace>,
}

impl TicketHistory {
    /// Creates the history of a ticket that `issuer` filed, and sorts the traces.
    pub fn new(issuer: StudentId, traces: Vec<Trace>) -> Self {
        Self {
            issuer,
            traces: sorted(traces),
        }
    }

    /// Returns the traces with `updated_at` at or before `as_of`.
    pub fn traces_as_of(&self, as_of: Timestamp) -> &[Trace] {
        let end = self
            .traces
            .partition_point(|trace| trace.updated_at <= as_of);
        self.traces.get(..end).unwrap_or_default()
    }
}

/// Returns the key by which traces are sorted in a history: the timestamp, then the id.
pub(crate) fn sort_key(trace: &Trace) -> (Timestamp, TraceId) {
    (trace.updated_at, trace.id)
}

/// Sorts traces by timestamp, then by id. The database returns them nearly sorted, so the cost is small.
fn sorted(mut traces: Vec<Trace>) -> Vec<Trace> {
    traces.sort_unstable_by_key(sort_key);
    traces
}

#[cfg(feature = "serde")]
fn deserialize_sorted<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Trace>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_is_sorted_by_time_then_id() {
        let trace = |micros, id| {
            let at = Timestamp::from_micros_since_2000(micros);
            let ticket = TicketId::new(1).unwrap();
            Trace::new(TraceId::new(id), ticket, at, StaffId::from("-1"))
        };
        let traces = vec![trace(2, 1), trace(1, 9), trace(2, -3), trace(1, 4)];
        let history = TicketHistory::new("a".into(), traces);

        let order: Vec<_> = history.traces.iter().map(|trace| trace.id.get()).collect();
        assert_eq!(order, [4, 9, -3, 1]);
    }
}
