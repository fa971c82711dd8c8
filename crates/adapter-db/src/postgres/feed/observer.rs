//! The observer of the feed: a task that observes the feed while no request does, and reports how long the feed waits for a
//! transaction. So after a start or a quiet time, a request finds a recent horizon.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::{MissedTickBehavior, interval};

use super::{FeedReader, ProcessesOf};

/// The longest time between two observations, unless the database is slow.
const OBSERVATION_INTERVAL: Duration = Duration::from_secs(5);
/// The interval of the reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// The waiting time after which a warning is logged.
const LONG_WAIT: Duration = Duration::from_secs(10);

/// Observes the feed and reports its waiting time.
pub(super) async fn run(feed: Arc<FeedReader>) {
    let mut interval = interval(REPORT_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut long_wait = LongWait::default();
    loop {
        interval.tick().await;
        if !feed.was_observed_within(OBSERVATION_INTERVAL).await {
            // If the database is unreadable, the health check logs the cause.
            let _ = feed.observe(i64::MIN).await;
        }
        let waiting_since = feed.horizon.lock().await.waiting_since;
        let wait = waiting_since.map_or(Duration::ZERO, |since| since.elapsed());
        feed.pages.health().metrics().set_feed_wait(wait);
        let (has_ended, has_begun) = long_wait.record(waiting_since, Instant::now());
        if has_ended {
            tracing::info!(
                "the feed is no longer blocked by the transactions that the last warning reported"
            );
        }
        if has_begun {
            let processes = feed.blocking_processes().await;
            tracing::warn!(
                database.pids = processes,
                wait_seconds = wait.as_secs(),
                "feed is blocked by an open transaction that writes traces"
            );
        }
    }
}

/// The wait for which a warning was logged.
#[derive(Debug, Default)]
struct LongWait {
    since: Option<Instant>,
}

impl LongWait {
    /// Records since when the feed has been waiting. Returns whether the long wait has ended, and whether one has begun.
    fn record(&mut self, waiting_since: Option<Instant>, now: Instant) -> (bool, bool) {
        let before = self.since;
        if before.is_some() && before == waiting_since {
            return (false, false);
        }
        let is_long = |since: &Instant| now.saturating_duration_since(*since) >= LONG_WAIT;
        self.since = waiting_since.filter(is_long);
        (before.is_some(), self.since.is_some())
    }
}

impl FeedReader {
    /// Returns whether an observation has begun within this time.
    async fn was_observed_within(&self, time: Duration) -> bool {
        let observed = self.horizon.lock().await;
        let last = observed.last.as_ref();
        last.is_some_and(|(begun, _)| begun.elapsed() < time)
    }

    /// Returns the process ids of the transactions for which the feed waits. Prepared transactions have none.
    async fn blocking_processes(&self) -> String {
        let writers = self.horizon.lock().await.horizon.blocking_writers();
        let transactions = &writers[..];
        let read = self.observing.read(|mut reader| async move {
            let processes: Vec<i32> = reader.load(ProcessesOf { transactions }).await?;
            Ok((reader, processes))
        });
        let processes = self.measured(read).await.unwrap_or_default();
        let processes: Vec<_> = processes.iter().map(ToString::to_string).collect();
        processes.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_long_wait_is_reported_once() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut long_wait = LongWait::default();
        for (waiting_since, now, expected) in [
            (None, 0, (false, false)),
            (Some(1), 10, (false, false)),
            (Some(1), 11, (false, true)),
            (Some(1), 12, (false, false)),
            // The feed moved, and then waited for another transaction.
            (Some(13), 14, (true, false)),
            (Some(13), 23, (false, true)),
            (Some(24), 34, (true, true)),
            (None, 35, (true, false)),
            (None, 36, (false, false)),
        ] {
            let found = long_wait.record(waiting_since.map(at), at(now));
            assert_eq!(found, expected, "after {now} s");
        }
    }
}
