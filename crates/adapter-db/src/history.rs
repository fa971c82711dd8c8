//! Builds ticket histories from database rows.
//!
//! The SQL statements have no `order by`; [`TicketHistory`] sorts the traces instead. An index returns the rows in
//! order or almost in order, so this sort is cheaper than one that the query planner may add.

use std::sync::Arc;

use wts_domain::{Access, StudentId, TicketHistory, TicketId, Trace};

use crate::{
    batching::{HistoryOutcome, LookupError},
    rows::{InvalidColumn, TraceRow},
    sql_types::LabelResult,
};

/// The maximum number of traces of a history in a shared batch. Real tickets have far fewer.
pub(crate) const MAX_BATCHED_TRACES: i64 = 200;

/// The row of a registered student: the student number, and the rank if the student is a staff member.
pub(crate) type RankRow = (String, Option<LabelResult<Access>>);

/// Returns a registered student and their rank. The rank is [`Access::User`] if the student is not a staff member. An
/// unknown label becomes [`Access::Unregistered`], the lowest rank, because it may stand for any rank.
pub(crate) fn rank_from_row((student, rank): RankRow) -> (StudentId, Access) {
    let rank = rank.map_or(Access::User, |rank| rank.0.unwrap_or(Access::Unregistered));
    (StudentId::from(student), rank)
}

/// A ticket history under construction, to which each row adds a trace.
pub(crate) struct HistoryBuilder {
    ticket: TicketId,
    issuer: StudentId,
    traces: Vec<Trace>,
    invalid: Option<InvalidColumn>,
}

impl HistoryBuilder {
    /// Creates the history of `ticket` without traces.
    pub(crate) fn new(ticket: TicketId, issuer: String) -> Self {
        Self {
            ticket,
            issuer: StudentId::from(issuer),
            traces: Vec::new(),
            invalid: None,
        }
    }

    pub(crate) fn ticket(&self) -> TicketId {
        self.ticket
    }

    /// Returns the traces added so far.
    pub(crate) fn traces(&self) -> &[Trace] {
        &self.traces
    }

    /// Returns the traces added so far, so that the names of their operators can be filled in.
    pub(crate) fn traces_mut(&mut self) -> &mut [Trace] {
        &mut self.traces
    }

    /// Adds the trace in `row`. `op_name` is the name of the trace's operator.
    pub(crate) fn push(&mut self, row: TraceRow<String>, op_name: String) {
        match row.into_trace(self.ticket) {
            Ok(mut trace) => {
                trace.op_name = op_name;
                self.traces.push(trace);
            }
            Err(invalid) => self.invalid = Some(invalid),
        }
    }

    /// Returns the ticket and its history, or [`LookupError::TooLong`] if the history has more than `max_traces`
    /// traces. The caller queries one trace more than the maximum.
    pub(crate) fn finish(self, max_traces: i64) -> (TicketId, HistoryOutcome) {
        let outcome = if i64::try_from(self.traces.len()).is_ok_and(|read| read > max_traces) {
            Err(LookupError::TooLong)
        } else if let Some(invalid) = self.invalid {
            Err(LookupError::failed(invalid))
        } else {
            Ok(Arc::new(TicketHistory::new(self.issuer, self.traces)))
        };
        (self.ticket, outcome)
    }
}
