//! Building a history from the rows of either database.
//!
//! No statement orders the rows. [`TicketHistory`] puts them in order, once for every database, and since an index returns
//! them in order or nearly so, that costs less than a sort that a planner may choose.

use std::sync::Arc;

use wts_domain::{Access, StudentId, TicketHistory, TicketId, Trace};

use crate::{
    batching::{HistoryOutcome, LookupError},
    rows::{InvalidColumn, TraceRow},
    sql_types::LabelResult,
};

/// How many traces a history may have to be read in a shared batch. Far more than a real ticket has.
pub(crate) const MAX_BATCHED_TRACES: i64 = 200;

/// A registered student; their rank, if they are staff.
pub(crate) type RankRow = (String, Option<LabelResult<Access>>);

/// The rank of a registered student: [`Access::User`] if they are not staff, and [`Access::Unregistered`] if their rank is
/// unknown, since it could be lower than any.
pub(crate) fn rank_from_row((student, rank): RankRow) -> (StudentId, Access) {
    let rank = rank.map_or(Access::User, |rank| rank.0.unwrap_or(Access::Unregistered));
    (StudentId::from(student), rank)
}

/// A history that is being read, row by row.
pub(crate) struct HistoryBuilder {
    ticket: TicketId,
    issuer: StudentId,
    traces: Vec<Trace>,
    invalid: Option<InvalidColumn>,
}

impl HistoryBuilder {
    /// The history of `ticket`, of which no trace has been read yet.
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

    /// The traces read so far.
    pub(crate) fn traces(&self) -> &[Trace] {
        &self.traces
    }

    /// The traces read so far, to be completed.
    pub(crate) fn traces_mut(&mut self) -> &mut [Trace] {
        &mut self.traces
    }

    /// Adds a trace. `op_name` is the name of its operator.
    pub(crate) fn push(&mut self, row: TraceRow<String>, op_name: String) {
        match row.into_trace(self.ticket) {
            Ok(mut trace) => {
                trace.op_name = op_name;
                self.traces.push(trace);
            }
            Err(invalid) => self.invalid = Some(invalid),
        }
    }

    /// The ticket and its history, if that has no more than `max_traces` traces. One more row was queried.
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
