//! How far the primary was when, to compare replicas with.
//!
//! A replica knows how far it is, and not how far behind: where the connection to the primary is cut, it believes itself
//! up to date. So the primary is asked as well. A replica that has replayed all that the primary had in its log at some
//! moment is as fresh as of that moment.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool},
};

/// How far back it is remembered. Replicas that are further behind are of no use to anyone.
const MEMORY: Duration = Duration::from_secs(5 * 60);

/// Asks for a [`Position`]. Of a primary it is that up to which it has something to say, written or not: others see what
/// was committed without waiting for the disk (`synchronous_commit = off`) before it is written.
pub(super) const POSITION: &str = "
    select pg_is_in_recovery() as replays,
        coalesce(pg_wal_lsn_diff(
            case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_insert_lsn() end, '0/0'
        ), 0)::bigint as reached,
        current_setting('wal_block_size')::bigint as page,
        pg_size_bytes(current_setting('wal_segment_size')) as file";

/// How far a database is in its write-ahead log.
#[derive(QueryableByName)]
pub(super) struct Position {
    /// Whether it is a replica, which replays what the primary has written.
    #[diesel(sql_type = Bool)]
    pub(super) replays: bool,
    /// In bytes.
    #[diesel(sql_type = BigInt)]
    reached: i64,
    /// The size of the log's pages.
    #[diesel(sql_type = BigInt)]
    page: i64,
    /// The size of its files.
    #[diesel(sql_type = BigInt)]
    file: i64,
}

impl Position {
    /// In bytes, up to which there is something. Where the next record is to begin a page, a primary counts in that page's
    /// header, which no replica has before that record.
    pub(super) fn at(&self) -> i64 {
        /// `SizeOfXLogShortPHD`, and `SizeOfXLogLongPHD` at the beginning of a file.
        const HEADERS: (i64, i64) = (24, 40);

        let into = |size| self.reached.checked_rem(size).unwrap_or_default();
        if into(self.file) == HEADERS.1 {
            self.reached - HEADERS.1
        } else if into(self.page) == HEADERS.0 {
            self.reached - HEADERS.0
        } else {
            self.reached
        }
    }
}

/// Positions of the primary in its write-ahead log, the latest last.
#[derive(Default)]
pub(super) struct Positions(Mutex<VecDeque<(Instant, i64)>>);

impl Positions {
    /// Takes note that at `moment` the primary had so much to say, or more.
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
    fn the_header_of_an_empty_page_is_nothing_that_a_replica_lacks() {
        let at = |reached| {
            Position {
                replays: false,
                reached,
                page: 8_192,
                file: 16 << 20,
            }
            .at()
        };
        assert_eq!(at(8_192 + 24), 8_192);
        assert_eq!(at((16 << 20) + 40), 16 << 20);
        for something in [8_192, 8_192 + 32, 8_192 + 40, (16 << 20) + 48] {
            assert_eq!(at(something), something);
        }
    }

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
