//! Replica lag, computed from the write-ahead log (WAL) positions of the primary and the replica.
//!
//! A replica reports its own position, but not its lag: without a connection to the primary, it seems to be up to date.
//! Therefore the position of the primary is queried as well. If a replica has replayed the WAL up to the position that
//! the primary had at some time, the replica has all data of that time.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool},
};

/// The time for which positions of the primary are kept. A replica with a longer lag is not read from.
const MAX_HISTORY: Duration = Duration::from_secs(5 * 60);

/// The statement that reads a [`WalPosition`]. On a primary it reads the insert position, not the write position,
/// because a transaction with `synchronous_commit = off` is visible before it is written.
pub(super) const WAL_POSITION: &str = "
    select pg_is_in_recovery() as is_standby,
        coalesce(pg_wal_lsn_diff(
            case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_insert_lsn() end, '0/0'
        ), 0)::bigint as reached,
        current_setting('wal_block_size')::bigint as page,
        pg_size_bytes(current_setting('wal_segment_size')) as file";

/// The position of a database server in its write-ahead log.
#[derive(QueryableByName)]
pub(super) struct WalPosition {
    /// Whether the server is a replica, which replays the log of a primary.
    #[diesel(sql_type = Bool)]
    pub(super) is_standby: bool,
    /// The position in bytes.
    #[diesel(sql_type = BigInt)]
    reached: i64,
    /// The size of a log page in bytes.
    #[diesel(sql_type = BigInt)]
    page: i64,
    /// The size of a log file in bytes.
    #[diesel(sql_type = BigInt)]
    file: i64,
}

impl WalPosition {
    /// Returns the position in bytes, without the header of an empty page. When the next record will start a new page,
    /// the position of a primary already includes the page header, but that of a replica does not.
    pub(super) fn at(&self) -> i64 {
        /// The sizes of page headers in PostgreSQL: `SizeOfXLogShortPHD`, and `SizeOfXLogLongPHD` for the first page of
        /// a file.
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

/// The recent positions of the primary in its write-ahead log, oldest first.
#[derive(Default)]
pub(super) struct PrimaryWalHistory(Mutex<VecDeque<(Instant, i64)>>);

impl PrimaryWalHistory {
    /// Records that the primary had at least this position at this time.
    pub(super) fn record(&self, at: Instant, position: i64) {
        let mut positions = self.positions();
        // A lower position means that the primary was restored or replaced, so the earlier positions are invalid.
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

    /// Returns the latest recorded time at which the position of the primary was at most `replayed`.
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
    fn wal_position_excludes_the_header_of_an_empty_page() {
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
        for position in [8_192, 8_192 + 32, 8_192 + 40, (16 << 20) + 48] {
            assert_eq!(at(position), position);
        }
    }

    #[test]
    fn caught_up_time_is_that_of_the_last_replayed_position() {
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
    fn lower_primary_position_removes_earlier_positions() {
        let positions = PrimaryWalHistory::default();
        positions.record(Instant::now(), 300);
        let later = Instant::now();
        positions.record(later, 200);
        assert_eq!(positions.caught_up_at(250), Some(later));
        assert_eq!(positions.caught_up_at(150), None);
    }
}
