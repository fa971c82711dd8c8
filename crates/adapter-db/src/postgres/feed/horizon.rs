//! The settled horizon of the feed: the highest id up to which no trace can appear any more, because no open transaction can
//! still commit a trace with such an id.
//!
//! Ids come from a sequence, and are not committed in the order in which they are assigned. Snapshots of transaction ids do
//! not show which ids are still missing, because an insert can take an id before its transaction has a transaction id. But an
//! insert locks the table in the mode `ROW EXCLUSIVE` before it takes an id, and its transaction holds the lock until it has
//! ended. So an [`Observation`] reads the highest committed id, and after that the holders of this lock:
//!
//! - All ids up to the highest committed one have been assigned before. A transaction with such an id still holds the lock,
//!   or has ended, and then every later snapshot sees its traces.
//! - A holder that the previous observation did not find has taken the lock since then. All its ids are higher than the
//!   highest committed id of the previous observation.
//!
//! So each holder has a bound, and all ids of its later commits are above this bound: the highest committed id of the
//! observation before the first one that found the holder. The horizon is the lowest bound, or the highest committed id while
//! the lock has no holder. Committed traces whose ids follow the horizon without a gap are settled too, regardless of the
//! transactions in progress.

use std::collections::HashMap;

use wts_domain::Timestamp;

/// The beginning of the virtual transaction id that a prepared transaction gets when the server restarts. In older versions
/// of PostgreSQL, a transaction gets this id when it is prepared.
const PREPARED: &str = "-1/";

/// The state of the table and its writers, from one statement.
#[derive(Debug, Clone)]
pub(super) struct Observation {
    /// The start time of the server, which identifies the server.
    pub(super) server: Timestamp,
    /// The highest committed id; `None` if the table is empty.
    pub(super) newest: Option<i64>,
    /// The lowest committed ids above [`SettledHorizon::floor`], in ascending order.
    pub(super) following: Vec<i64>,
    /// The virtual ids of the transactions that held the lock after `newest` was read; `None` if they were not read, because
    /// `newest` is not above the horizon.
    pub(super) writers: Option<Vec<String>>,
}

/// The settled horizon, and the bounds of the writers in progress.
#[derive(Debug, Clone)]
pub(super) struct SettledHorizon {
    server: Timestamp,
    settled: i64,
    /// The highest committed id of the last observation that read the writers.
    observed: i64,
    /// For each writer in progress, an id below all ids that it can still commit.
    bounds: HashMap<String, i64>,
}

impl Default for SettledHorizon {
    /// The horizon before the first observation: no trace is known to be settled.
    fn default() -> Self {
        Self {
            server: Timestamp::NEG_INFINITY,
            settled: i64::MIN,
            observed: i64::MIN,
            bounds: HashMap::new(),
        }
    }
}

impl SettledHorizon {
    /// Returns the id up to which every trace is settled, `i64::MIN` if none is known.
    pub(super) fn settled(&self) -> i64 {
        self.settled
    }

    /// Returns the virtual ids of the transactions for which the horizon waits: those with the lowest bound.
    pub(super) fn blocking_writers(&self) -> Vec<String> {
        let lowest = self.bounds.values().min();
        let blocking = self
            .bounds
            .iter()
            .filter(|(_, bound)| Some(*bound) == lowest);
        blocking.map(|(writer, _)| writer.clone()).collect()
    }

    /// Returns the server that was observed last.
    pub(super) fn server(&self) -> Timestamp {
        self.server
    }

    /// Returns the id above which an observation for a reader at `position` reads the following ids. The position
    /// was settled for the instance that returned it, which can be another instance of the service.
    pub(super) fn floor(&self, position: i64) -> i64 {
        self.settled.max(position)
    }

    /// Records an observation, and returns the horizon for a reader at `position`.
    pub(super) fn record(&mut self, observation: &Observation, position: i64) -> i64 {
        let newest = observation.newest.unwrap_or(i64::MIN);
        if observation.server != self.server {
            // A server that has fewer traces than another one had is not its successor: it was restored from a backup, or
            // a fail-over lost transactions.
            if newest < self.observed {
                *self = Self::default();
            }
            self.server = observation.server;
        }
        let floor = self.floor(position);
        if let Some(writers) = &observation.writers {
            self.record_writers(newest, writers);
        }
        let following = &observation.following;
        // The position comes from the client and is not verified, so it affects only the horizon of this reader.
        if floor <= self.settled {
            self.settled = without_gap(self.settled, following);
        }
        self.settled.max(without_gap(floor, following))
    }

    fn record_writers(&mut self, newest: i64, writers: &[String]) {
        let bound = |writer: &String| {
            let bound = match self.bounds.get(writer) {
                Some(bound) => *bound,
                // The transaction can be any of the earlier writers.
                None if writer.starts_with(PREPARED) => self.settled,
                None => self.observed,
            };
            (writer.clone(), bound)
        };
        self.bounds = writers.iter().map(bound).collect();
        self.observed = self.observed.max(newest);
        let settled = self.bounds.values().min().copied();
        self.settled = self.settled.max(settled.unwrap_or(newest));
    }
}

/// Returns the last id of the gapless sequence that begins after `position`; `position` itself if there is none.
pub(super) fn without_gap(position: i64, ascending: &[i64]) -> i64 {
    let mut last = position;
    for id in ascending.iter().copied().filter(|id| *id > position) {
        if last.checked_add(1) != Some(id) {
            break;
        }
        last = id;
    }
    last
}

#[cfg(test)]
mod tests;
