//! The view of a history: the traces that a response contains, their order and their members.

use wts_domain::{TicketHistory, Timestamp};

use crate::settings::Order;

/// A view of a history: the traces that a response contains, their order, and their additional members.
///
/// The default view is that of a request without optional parameters: all traces, oldest first, without additional
/// members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TracesView {
    /// The order of the traces.
    pub order: Order,
    /// Whether each trace has its `actor` and its `changes`.
    pub changes: bool,
    /// Whether the response has the resulting state, which CSV cannot have.
    pub state: bool,
    /// The time up to which traces are in the view, and of which the state is; `None` for all traces.
    pub as_of: Option<Timestamp>,
}

impl TracesView {
    /// Returns the number of traces in the view. They are the oldest traces of the history.
    pub(super) fn count(&self, history: &TicketHistory) -> usize {
        match self.as_of {
            None => history.traces.len(),
            Some(as_of) => history.traces_as_of(as_of).len(),
        }
    }
}
