//! How far the primary was when, to compare replicas with.
//!
//! A replica knows how far it is, and not how far behind: where the connection to the primary is cut, it believes itself
//! up to date. So the primary is asked as well. A replica that has replayed all that the primary had written at some
//! moment is as fresh as of that moment.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How far back it is remembered. Replicas that are further behind are of no use to anyone.
const MEMORY: Duration = Duration::from_secs(5 * 60);

/// Positions of the primary in its write-ahead log, the latest last.
#[derive(Default)]
pub(super) struct Positions(Mutex<VecDeque<(Instant, i64)>>);

impl Positions {
    /// Takes note that at `moment` the primary had written so much, or more.
    pub(super) fn primary_was_at(&self, moment: Instant, position: i64) {
        let mut positions = self.positions();
        // One that is less far than it was has been restored, or is another: what was noted before says nothing.
        if positions.back().is_some_and(|(_, last)| position < *last) {
            positions.clear();
        }
        positions.push_back((moment, position));
        while positions
            .front()
            .is_some_and(|(noted, _)| moment.duration_since(*noted) > MEMORY)
        {
            positions.pop_front();
        }
    }

    /// The latest moment as of which a replica is fresh that has replayed so much.
    pub(super) fn fresh_as_of(&self, replayed: i64) -> Option<Instant> {
        let positions = self.positions();
        let reached = positions
            .iter()
            .rev()
            .find(|(_, position)| *position <= replayed)?;
        Some(reached.0)
    }

    fn positions(&self) -> MutexGuard<'_, VecDeque<(Instant, i64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_is_as_fresh_as_of_the_last_position_that_it_has_reached() {
        let positions = Positions::default();
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        for (second, position) in [(0, 100), (1, 200), (2, 200), (3, 300)] {
            positions.primary_was_at(at(second), position);
        }
        assert_eq!(positions.fresh_as_of(99), None, "nobody knows how stale");
        assert_eq!(positions.fresh_as_of(100), Some(at(0)));
        assert_eq!(positions.fresh_as_of(299), Some(at(2)));
        assert_eq!(positions.fresh_as_of(1_000), Some(at(3)));
    }

    #[test]
    fn a_primary_that_went_back_is_another() {
        let positions = Positions::default();
        positions.primary_was_at(Instant::now(), 300);
        let later = Instant::now();
        positions.primary_was_at(later, 200);
        assert_eq!(positions.fresh_as_of(250), Some(later));
        assert_eq!(positions.fresh_as_of(150), None);
    }
}
