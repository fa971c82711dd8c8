//! The member `state` of a JSON body, written in parts of limited length.

use std::io;

use wts_domain::{TicketState, Trace};

/// The number of traces that are applied per chunk. A history with at most this number of traces is written at once.
const TRACES_PER_STEP: usize = 500;

/// A writer of the state that results from traces.
///
/// A state contains a period for every status change, so its JSON can be as long as the traces. The traces of a long
/// history are therefore read twice: first for the members before the periods, then for the periods. A period is
/// written as soon as it has ended, so the writer stores only one period at a time.
pub(super) struct StateWriter {
    /// The state after the traces that have been applied, with its last period only.
    state: TicketState,
    /// The number of traces that have been applied.
    applied: usize,
    /// The JSON after the ended periods, while the periods are written.
    rest: Option<Vec<u8>>,
}

impl StateWriter {
    /// Creates a writer of the state before the first trace. The state of an empty history has a finding.
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

    /// Appends the next part of the state of `traces`. The part can be empty. Returns whether the state is complete.
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
        // The first list in the JSON contains the periods. Only the last period is open, so the ended periods are
        // inserted before it.
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

#[cfg(test)]
mod tests {
    use wts_domain::{StaffId, Status, TicketId, Timestamp, TraceId};

    use super::*;

    #[test]
    fn long_state_is_streamed_one_period_at_a_time() {
        let traces: Vec<_> = (0..10_000)
            .map(|n| {
                let at = Timestamp::from_micros_since_2000(n);
                let ticket = TicketId::new(1).unwrap();
                let mut trace = Trace::new(TraceId::new(n), ticket, at, StaffId::from("W007"));
                trace.new_status =
                    Some([Status::Delay, Status::Scheduled][usize::from(n % 2 == 0)]);
                trace
            })
            .collect();
        let mut writer = StateWriter::new(false);
        let mut json = Vec::new();
        loop {
            let mut piece = Vec::new();
            let is_complete = writer.write(&traces, &mut piece).unwrap();
            assert!(writer.state.time_in_status.len() <= 1);
            assert!(piece.len() < 64 * 1_024, "{} bytes", piece.len());
            json.extend(piece);
            if is_complete {
                break;
            }
        }
        let expected = serde_json::to_vec(&TicketState::from_traces(&traces)).unwrap();
        assert!(json == expected);
    }
}
