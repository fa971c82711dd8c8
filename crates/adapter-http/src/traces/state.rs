//! The member `state` of a JSON body, written in pieces of bounded length.

use std::io;

use wts_domain::{TicketState, Trace};

/// The number of traces that are applied at a time. A history with at most this number of traces is written at once.
const TRACES_PER_STEP: usize = 500;

/// Writes the state that results from some traces.
///
/// A state contains a period for each visit of a status, so its JSON can be as long as the traces. For a long history the
/// traces are therefore read twice: first for the members before the periods, then for the periods, each of which is
/// written as soon as it has ended. The writer holds one period at a time.
pub(super) struct StateWriter {
    /// The state after the traces that were applied, with the last period only.
    state: TicketState,
    /// The number of traces applied so far.
    applied: usize,
    /// While the periods are written: the JSON after the ended periods.
    rest: Option<Vec<u8>>,
}

impl StateWriter {
    /// Creates a writer of the state before the first trace. A history without traces has a finding.
    pub(super) fn new(is_empty_history: bool) -> Self {
        let state = if is_empty_history {
            TicketState::from_traces(&[])
        } else {
            TicketState::default()
        };
        Self {
            state,
            applied: 0,
            rest: None,
        }
    }

    /// Appends the next piece of the state of `traces`, which can be empty. Returns whether the state is complete.
    pub(super) fn write(&mut self, traces: &[Trace], json: &mut Vec<u8>) -> io::Result<bool> {
        if traces.len() <= TRACES_PER_STEP {
            for trace in traces {
                self.state.apply(trace);
            }
            serde_json::to_writer(json, &self.state)?;
            return Ok(true);
        }
        for trace in traces.iter().skip(self.applied).take(TRACES_PER_STEP) {
            self.applied += 1;
            self.state.apply(trace);
            if self.state.time_in_status.len() > 1 {
                let ended = self.state.time_in_status.remove(0);
                if self.rest.is_some() {
                    serde_json::to_writer(&mut *json, &ended)?;
                    json.push(b',');
                }
            }
        }
        if self.applied < traces.len() {
            return Ok(false);
        }
        if let Some(rest) = self.rest.take() {
            json.extend_from_slice(&rest);
            return Ok(true);
        }
        let mut text = serde_json::to_vec(&self.state)?;
        // The first list of a state has the periods. The last period is open, so the others belong before it.
        let list = text.iter().position(|byte| *byte == b'[');
        let rest = text.split_off(list.map_or(0, |bracket| bracket + 1));
        json.extend_from_slice(&text);
        *self = Self {
            rest: Some(rest),
            ..Self::new(false)
        };
        Ok(false)
    }
}
