//! The task of the watcher.

use std::{collections::HashSet, mem, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};
use wts_app::{ErrorChain, FoundHistory, HistoryQuery, News, RepositoryError};
use wts_domain::{TicketId, TraceId};

use super::{FeedBatch, Reading, Shared, Watched, next_recheck};

/// The shortest time between two reads of the news.
const INTERVAL: Duration = Duration::from_secs(1);
/// The time that the watcher waits for each statement.
const TIME_PER_STATEMENT: Duration = Duration::from_millis(500);
/// The maximum number of statements that read a history alone: it is first read like a short one, and the names of operators
/// are read afterwards.
const STATEMENTS_ALONE: u32 = 3;
/// The maximum number of histories that are read together, each of which has at most 200 traces.
const MAX_HISTORIES: usize = 1_000;

/// Reads until there is no subscription.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut running = Running {
        shared: Arc::clone(&shared),
        has_ended: false,
    };
    let mut progress = Progress::default();
    let mut has_failed = false;
    while shared.goes_on() {
        let begun = Instant::now();
        let news = shared.read_news(&mut progress).await;
        let has_more = *news.as_ref().unwrap_or(&false);
        match news {
            Err(error) if !mem::replace(&mut has_failed, true) => tracing::warn!(
                cause = %ErrorChain(&error),
                "reading new traces failed; waiting requests and event streams stay open"
            ),
            Ok(_) if mem::take(&mut has_failed) => {
                tracing::info!("reading new traces succeeded again");
            }
            _ => {}
        }
        let statements = 1 + shared.read_due().await;
        shared.metrics.watcher_reads.inc_by(statements.into());
        let shortest = if has_more { Duration::ZERO } else { INTERVAL };
        sleep_until(begun + shortest.max(TIME_PER_STATEMENT * statements)).await;
    }
    running.has_ended = true;
}

/// The progress of the watcher in the feed.
#[derive(Default)]
struct Progress {
    /// The position up to which settled traces have been read; `None` until the first one is found.
    position: Option<TraceId>,
    /// The traces above the position that have been read.
    known: HashSet<TraceId>,
    /// Whether any news has been read.
    has_begun: bool,
}

impl Progress {
    /// Records the news that were read. Returns the tickets with new traces; `None` if any ticket may have one.
    fn record(&mut self, news: &News) -> Option<HashSet<TicketId>> {
        let settled = news.settled.iter().map(|trace| (trace.id, trace.ticket));
        let found = settled.chain(news.others.iter().copied());
        let (known, new): (Vec<_>, Vec<_>) = found.partition(|(id, _)| self.known.contains(id));
        // A client may have read its history before the first news was read.
        let is_first = !mem::replace(&mut self.has_begun, true);
        let has_gap = news.is_truncated && known.is_empty();
        self.known = news.others.iter().map(|(id, _)| *id).collect();
        self.position = news.next.or(self.position);
        let tickets = new.into_iter().map(|(_, ticket)| ticket).collect();
        (!is_first && !has_gap).then_some(tickets)
    }
}

/// Records the end of a watcher that panics or whose runtime ends. The next subscription starts another.
struct Running {
    shared: Arc<Shared>,
    has_ended: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            self.shared.state().is_running = false;
        }
    }
}

impl Shared {
    /// Removes the histories without a subscription. Returns whether there is a subscription; otherwise records that the
    /// watcher ends.
    fn goes_on(&self) -> bool {
        let mut state = self.state();
        let is_followed = |watched: &Watched| watched.readings.receiver_count() > 0;
        state.watched.retain(|_, watched| is_followed(watched));
        state.is_running = !state.watched.is_empty() || self.batches.receiver_count() > 0;
        state.is_running
    }

    /// Reads the news, marks the histories that have some, and sends a batch of the feed. Returns whether more can be read.
    async fn read_news(&self, progress: &mut Progress) -> Result<bool, RepositoryError> {
        let before = progress.position;
        let news = self.use_case.news(before).await?;
        let seen = Instant::now();
        let tickets = progress.record(&news);
        for (query, watched) in &mut self.state().watched {
            let is_new = |tickets: &HashSet<_>| tickets.contains(&query.ticket);
            if tickets.as_ref().is_none_or(is_new) {
                watched.news_seen.get_or_insert(seen);
            }
        }
        if let Some(end) = news.next
            && before != Some(end)
        {
            // There may be no receiver.
            let _ = self.batches.send(Arc::new(FeedBatch {
                after: before.unwrap_or(end),
                end,
                traces: news.settled,
                seen,
            }));
        }
        Ok(news.has_more)
    }

    /// Reads the histories that have news or are due. Returns the maximum number of statements that this took.
    async fn read_due(&self) -> u32 {
        let due = self.due();
        if due.is_empty() {
            return 0;
        }
        // After a failure, the histories are still due.
        let Ok(results) = self.use_case.find_all(&due).await else {
            return 1;
        };
        let mut alone = None;
        for (query, found) in due.iter().zip(results) {
            match found {
                Some(found) => self.send(query, Some(found)),
                None => alone = alone.or(Some(query)),
            }
        }
        // Only one at a time, so that the others do not have to wait for long histories.
        let Some(query) = alone else {
            return 1;
        };
        self.send(query, self.use_case.find(query).await.ok());
        1 + STATEMENTS_ALONE
    }

    /// Sends a history that was read; `None` if it is damaged.
    fn send(&self, query: &HistoryQuery, found: Option<FoundHistory>) {
        if let Some(watched) = self.state().watched.get_mut(query) {
            watched.due = next_recheck();
            let news_seen = watched.news_seen.take();
            if let Some(found) = found {
                // There may be no receiver any more.
                let _ = watched.readings.send(Reading { found, news_seen });
            }
        }
    }

    /// Returns the histories to read next: first those with news, then those that have been due for the longest time.
    fn due(&self) -> Vec<HistoryQuery> {
        let now = Instant::now();
        let state = self.state();
        let mut due: Vec<_> = state
            .watched
            .iter()
            .filter(|(_, watched)| watched.news_seen.is_some() || watched.due <= now)
            .map(|(query, watched)| ((watched.news_seen.is_none(), watched.due), query))
            .collect();
        due.sort_unstable_by_key(|(order, _)| *order);
        let due = due.into_iter().take(MAX_HISTORIES);
        due.map(|(_, query)| query.clone()).collect()
    }
}
