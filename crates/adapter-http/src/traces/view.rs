//! The view of a history: the traces that a response contains, their order and their members.

use wts_domain::{TicketHistory, Timestamp};

use crate::settings::Order;

/// The traces of a history that a response contains, their order, and what is added to them.
///
/// The default is the view of a request without parameters: all traces, oldest first, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TracesView {
    /// The order of the traces.
    pub order: Order,
    /// Whether each trace has the kind of its actor and its changes.
    pub changes: bool,
    /// Whether the resulting state is added. CSV has no state.
    pub state: bool,
    /// If set, only the traces with `updated_at` at or before it, and the state at that time.
    pub as_of: Option<Timestamp>,
}

impl TracesView {
    /// Returns the number of traces in this view, which are the oldest ones of the history.
    pub(super) fn count(&self, history: &TicketHistory) -> usize {
        match self.as_of {
            None => history.traces.len(),
            Some(as_of) => history.traces_as_of(as_of).len(),
        }
    }
}
