//! The watcher: one task that reads for all waiting and streaming requests together. It runs while there is one.
//!
//! Once a second, the watcher reads the newest traces of all tickets, and then, as one batch, the histories of those
//! watched tickets that have new traces. So news costs two statements a second for any number of requests. Each
//! history is also read again from time to time, because edits, deletions, names and ranks are not seen in the newest
//! traces.

use std::{
    collections::{HashMap, HashSet},
    future::pending,
    mem,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, MissedTickBehavior, interval},
};
use wts_app::{ErrorChain, FoundHistory, HistoryQuery, WatchTraces};
use wts_domain::{Trace, TraceId};

use crate::metrics::HttpMetrics;

/// The time between two reads of the newest traces.
const INTERVAL: Duration = Duration::from_secs(1);
/// The number of the newest traces that are read. If all of them are new, others may have been missed, and every watched
/// history is read again.
const NEWEST_TRACES: usize = 500;
/// The maximum number of histories that are read at once.
const MAX_READS: usize = 400;
/// The time in milliseconds after which a history is read again. It is random, so that the reads are spread.
const RECHECK_MILLIS: Range<u64> = 20_000..28_000;

/// The watcher, which all requests share.
#[derive(Clone)]
pub(crate) struct Watcher(Arc<Shared>);

struct Shared {
    use_case: WatchTraces,
    metrics: HttpMetrics,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    watched: HashMap<HistoryQuery, Watched>,
    is_running: bool,
}

/// A history that is watched.
struct Watched {
    readings: broadcast::Sender<Reading>,
    /// When the history is read again.
    due: Instant,
    /// When a new trace was seen that has not been read.
    news_seen: Option<Instant>,
}

/// A history that the watcher has read again. It is not known whether the history has changed.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) found: FoundHistory,
    /// When the new trace was seen because of which the history was read.
    pub(crate) news_seen: Option<Instant>,
}

impl Watcher {
    pub(crate) fn new(use_case: WatchTraces, metrics: HttpMetrics) -> Self {
        Self(Arc::new(Shared {
            use_case,
            metrics,
            state: Mutex::default(),
        }))
    }

    /// Watches a history until the subscription is dropped. A client must subscribe before it reads the history, so that
    /// it misses nothing.
    pub(crate) fn subscribe(&self, query: HistoryQuery) -> Subscription {
        let mut state = self.0.state();
        let watched = state.watched.entry(query.clone());
        let watched = watched.or_insert_with(|| Watched {
            // A slow reader needs the latest reading only.
            readings: broadcast::Sender::new(1),
            due: next_recheck(),
            news_seen: None,
        });
        let readings = watched.readings.subscribe();
        if !mem::replace(&mut state.is_running, true) {
            tokio::spawn(run(Arc::clone(&self.0)));
        }
        Subscription {
            watcher: self.clone(),
            query,
            readings,
        }
    }
}

/// The subscription to a history.
pub(crate) struct Subscription {
    watcher: Watcher,
    query: HistoryQuery,
    readings: broadcast::Receiver<Reading>,
}

impl Subscription {
    /// Returns the next reading. A reading is left out if a later one is there.
    pub(crate) async fn next(&mut self) -> Reading {
        loop {
            match self.readings.recv().await {
                Ok(reading) => return reading,
                Err(RecvError::Lagged(_)) => {}
                // The sender exists as long as this subscription.
                Err(RecvError::Closed) => pending().await,
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.watcher.0.state();
        let is_last = |watched: &Watched| watched.readings.receiver_count() == 1;
        if state.watched.get(&self.query).is_some_and(is_last) {
            state.watched.remove(&self.query);
        }
    }
}

fn next_recheck() -> Instant {
    Instant::now() + Duration::from_millis(fastrand::u64(RECHECK_MILLIS))
}

/// Reads until no history is watched.
async fn run(shared: Arc<Shared>) {
    let mut running = Running {
        shared: Arc::clone(&shared),
        has_ended: false,
    };
    let mut interval = interval(INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = HashSet::new();
    let mut has_failed = false;
    while shared.goes_on() {
        interval.tick().await;
        shared.metrics.watcher_reads.inc();
        let newest = shared.use_case.newest(NEWEST_TRACES).await;
        match &newest {
            Ok(newest) => known = shared.mark_news(newest, &known),
            Err(error) if !has_failed => tracing::warn!(
                cause = %ErrorChain(error),
                "reading the newest traces failed; waiting requests and event streams stay open"
            ),
            Err(_) => {}
        }
        if has_failed && newest.is_ok() {
            tracing::info!("reading the newest traces succeeded again");
        }
        has_failed = newest.is_err();
        shared.read_due().await;
    }
    running.has_ended = true;
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
    /// Returns whether a history is watched. Otherwise records that the watcher ends.
    fn goes_on(&self) -> bool {
        let mut state = self.state();
        state.is_running = !state.watched.is_empty();
        state.is_running
    }

    /// Marks the histories that have traces which are not `known`. Returns the ids of the newest traces.
    fn mark_news(&self, newest: &[Trace], known: &HashSet<TraceId>) -> HashSet<TraceId> {
        let ids: HashSet<_> = newest.iter().map(|trace| trace.id).collect();
        let has_gap = !known.is_empty() && newest.len() >= NEWEST_TRACES && known.is_disjoint(&ids);
        // A first read finds everything new, so that nothing is missed between a client's first read and this one.
        let tickets: HashSet<_> = newest
            .iter()
            .filter(|trace| !known.contains(&trace.id))
            .map(|trace| trace.ticket)
            .collect();
        if has_gap || !tickets.is_empty() {
            let now = Instant::now();
            for (query, watched) in &mut self.state().watched {
                if has_gap || tickets.contains(&query.ticket) {
                    watched.news_seen.get_or_insert(now);
                }
            }
        }
        ids
    }

    /// Reads the histories that have news or are due, as one batch.
    async fn read_due(&self) {
        let due = self.due();
        if due.is_empty() {
            return;
        }
        self.metrics.watcher_reads.inc();
        let found = join_all(due.iter().map(|query| self.use_case.find(query))).await;
        let mut state = self.state();
        for (query, found) in due.iter().zip(found) {
            // After a failure, the history is still due.
            if let (Ok(found), Some(watched)) = (found, state.watched.get_mut(query)) {
                let news_seen = watched.news_seen.take();
                watched.due = next_recheck();
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
        let due = due.into_iter().take(MAX_READS);
        due.map(|(_, query)| query.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
