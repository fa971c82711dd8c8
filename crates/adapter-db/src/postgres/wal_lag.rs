//! Replica lag, from the write-ahead log (WAL) positions of the primary and of the replica.
//!
//! A replica reports its own position, but not how far it is behind: if the connection to the primary is cut, it looks up
//! to date. So the primary is queried as well. A replica that has replayed everything that was in the primary's log at
//! some time is as fresh as of that time.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool},
};

/// How far back positions are kept. A replica that is further behind is not read from.
const MAX_HISTORY: Duration = Duration::from_secs(5 * 60);

/// Reads a [`WalPosition`]: on a primary that up to which it has inserted records, written or not, since others see what
/// was committed with `synchronous_commit = off` before it is written.
pub(super) const WAL_POSITION: &str = "
    select pg_is_in_recovery() as is_standby,
        coalesce(pg_wal_lsn_diff(
            case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_insert_lsn() end, '0/0'
        ), 0)::bigint as reached,
        current_setting('wal_block_size')::bigint as page,
        pg_size_bytes(current_setting('wal_segment_size')) as file";

/// The position of a database in its write-ahead log.
#[derive(QueryableByName)]
pub(super) struct WalPosition {
    /// Whether it is a replica, which replays what the primary has written.
    #[diesel(sql_type = Bool)]
    pub(super) is_standby: bool,
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

impl WalPosition {
    /// The position in bytes, without the header of an empty page. If the next record will begin a page, a primary counts
    /// that page's header, which no replica has before that record.
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
pub(super) struct PrimaryWalHistory(Mutex<VecDeque<(Instant, i64)>>);

impl PrimaryWalHistory {
    /// Records that the primary had this position at this time, or a later one.
    pub(super) fn record(&self, at: Instant, position: i64) {
        let mut positions = self.positions();
        // A primary that went back has been restored, or is another: earlier positions are of no use.
        if positions.back().is_some_and(|(_, last)| position < *last) {
            positions.clear();
        }
        positions.push_back((at, position));
        while positions
            .front()
            .is_some_and(|(recorded, _)| at.duration_since(*recorded) > MAX_HISTORY)
        {
            positions.pop_front();
        }
    }

    /// The latest time at which the primary had no more than a replica that has replayed so much.
    pub(super) fn caught_up_at(&self, replayed: i64) -> Option<Instant> {
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
    fn header_of_an_empty_page_is_not_counted() {
        let at = |reached| {
            WalPosition {
                is_standby: false,
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
    fn replica_has_caught_up_at_the_last_position_it_reached() {
        let positions = PrimaryWalHistory::default();
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        for (second, position) in [(0, 100), (1, 200), (2, 200), (3, 300)] {
            positions.record(at(second), position);
        }
        assert_eq!(positions.caught_up_at(99), None, "unknown");
        assert_eq!(positions.caught_up_at(100), Some(at(0)));
        assert_eq!(positions.caught_up_at(299), Some(at(2)));
        assert_eq!(positions.caught_up_at(1_000), Some(at(3)));
    }

    #[test]
    fn primary_that_went_back_drops_earlier_positions() {
        let positions = PrimaryWalHistory::default();
        positions.record(Instant::now(), 300);
        let later = Instant::now();
        positions.record(later, 200);
        assert_eq!(positions.caught_up_at(250), Some(later));
        assert_eq!(positions.caught_up_at(150), None);
    }
}
