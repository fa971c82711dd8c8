//! Builds a page of the feed from the rows of either database.

use wts_app::{FeedPosition, TracePage};
use wts_domain::{TicketId, Trace, TraceId};

use crate::{
    rows::{InvalidColumn, TraceRow},
    sql_types::IdValue,
};

/// The rows of a page, in any order: at most `limit + 1` traces.
#[derive(Debug, Default)]
pub(crate) struct PageRows {
    traces: Vec<Trace>,
    /// The last id that was scanned, if the scan ended before the end of the range.
    bound: Option<i64>,
}

impl PageRows {
    /// Sets the last id that was scanned, if the scan ended before the end of the range.
    pub(crate) fn set_bound(&mut self, bound: Option<IdValue>) {
        self.bound = bound.map(|bound| bound.0);
    }

    /// Adds a row. `name` is the name of its operator.
    pub(crate) fn push(
        &mut self,
        ticket: Option<IdValue>,
        name: Option<String>,
        row: Option<TraceRow<String>>,
    ) -> Result<(), InvalidColumn> {
        // Tickets have positive numbers.
        let ticket = ticket.and_then(|ticket| TicketId::new(ticket.0));
        if let (Some(ticket), Some(row)) = (ticket, row) {
            let mut trace = row.into_trace(ticket)?;
            trace.op_name = name.unwrap_or_default();
            self.traces.push(trace);
        }
        Ok(())
    }

    /// Returns a page with at most `limit` traces, ordered as `position` requires. `end` is the end of the range that was read.
    pub(crate) fn into_page(
        mut self,
        limit: usize,
        position: fn(TraceId) -> FeedPosition,
        end: i64,
    ) -> TracePage {
        self.traces.sort_unstable_by_key(|trace| trace.id);
        if matches!(position(TraceId::new(end)), FeedPosition::Before(_)) {
            self.traces.reverse();
        }
        let is_full = self.traces.len() > limit;
        self.traces.truncate(limit);
        let last = self.traces.last().filter(|_| is_full);
        let next = match (last, self.bound) {
            (Some(last), _) => last.id,
            (None, Some(bound)) => TraceId::new(bound),
            (None, None) => TraceId::new(end),
        };
        TracePage {
            traces: self.traces,
            next: position(next),
            has_more: is_full || self.bound.is_some(),
            settled: None,
        }
    }
}
