//! What a ticket's history is made of.

#[cfg(feature = "serde")]
use crate::serde_impls::{none_as_empty, null_as_empty};
use crate::{Category, Day, Priority, StaffId, Status, StudentId, TicketId, Timestamp, TraceId};

/// One step in a ticket's history: who did what, when, and what it changed.
///
/// What the step left as it was is `None`.
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
    /// The trace's own number.
    #[cfg_attr(feature = "serde", serde(rename = "opid"))]
    pub id: TraceId,
    /// The ticket it belongs to.
    #[cfg_attr(feature = "serde", serde(rename = "tid"))]
    pub ticket: TicketId,
    /// When it was done.
    pub updated_at: Timestamp,
    /// Who did it.
    pub op: StaffId,
    /// Their name, empty where unknown.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_as_empty"))]
    pub op_name: String,
    /// The status it gave the ticket.
    #[cfg_attr(feature = "serde", serde(default, with = "none_as_empty"))]
    pub new_status: Option<Status>,
    /// The priority it gave the ticket.
    #[cfg_attr(feature = "serde", serde(default, with = "none_as_empty"))]
    pub new_priority: Option<Priority>,
    /// The day it set for a visit.
    #[cfg_attr(feature = "serde", serde(default, with = "none_as_empty"))]
    pub new_appointment: Option<Day>,
    /// The category it gave the ticket.
    #[cfg_attr(feature = "serde", serde(default, with = "none_as_empty"))]
    pub new_category: Option<Category>,
    /// What they had to say, often nothing.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_as_empty"))]
    pub remark: String,
}

impl Trace {
    /// A trace that changed nothing and says nothing. Assign what it did to its fields.
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

/// A ticket's whole history.
///
/// ```
/// use wts_domain::{StaffId, StudentId, TicketHistory, TicketId, Timestamp, Trace, TraceId};
///
/// let ticket: TicketId = "123".parse()?;
/// let at = |id, moment| Ok::<_, wts_domain::ParseTimeError>(
///     Trace::new(TraceId::new(id), ticket, Timestamp::from_rfc3339(moment)?, StaffId::from("W007")),
/// );
/// let traces = vec![at(2, "2025-12-07T09:00:00Z")?, at(1, "2025-12-06T18:00:00+08:00")?];
///
/// let history = TicketHistory::new(StudentId::from("2024310001"), traces);
///
/// assert_eq!(history.traces[0].id, TraceId::new(1), "the oldest first");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TicketHistory {
    /// Who filed the ticket.
    pub issuer: StudentId,
    /// Everything done to it, oldest first, what happened at the same moment by ascending id.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "deserialize_sorted"))]
    pub traces: Vec<Trace>,
}

impl TicketHistory {
    /// The history of a ticket that `issuer` filed. The traces may come in any order.
    pub fn new(issuer: StudentId, traces: Vec<Trace>) -> Self {
        Self {
            issuer,
            traces: sorted(traces),
        }
    }

    /// Returns the traces at or before a point in time: those whose `updated_at` is not after `as_of`.
    pub fn traces_as_of(&self, as_of: Timestamp) -> &[Trace] {
        let end = self
            .traces
            .partition_point(|trace| trace.updated_at <= as_of);
        self.traces.get(..end).unwrap_or_default()
    }
}

/// The position of a trace in its history.
pub(crate) fn position(trace: &Trace) -> (Timestamp, TraceId) {
    (trace.updated_at, trace.id)
}

/// Puts traces in order. Databases return them nearly in order, so this costs next to nothing.
fn sorted(mut traces: Vec<Trace>) -> Vec<Trace> {
    traces.sort_unstable_by_key(position);
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
    fn traces_are_put_in_order_of_time_and_at_the_same_moment_by_id() {
        let at = |micros, id| {
            let moment = Timestamp::from_micros_since_2000(micros);
            let ticket = TicketId::new(1).unwrap();
            Trace::new(TraceId::new(id), ticket, moment, StaffId::from("-1"))
        };
        let history = TicketHistory::new("a".into(), vec![at(2, 1), at(1, 9), at(2, -3), at(1, 4)]);

        let order: Vec<_> = history.traces.iter().map(|trace| trace.id.get()).collect();
        assert_eq!(order, [4, 9, -3, 1]);
    }
}
