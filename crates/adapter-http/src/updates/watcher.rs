//! The watcher: one task that reads for all waiting and streaming requests together. It runs while there is one.
//!
//! At most once a second, the watcher reads what is new in the feed with one statement. It passes the settled traces to the
//! requests that follow the feed. With another statement, it reads the histories of those watched tickets that have new
//! traces. Each watched history is also read again from time to time, because edits, deletions, names and ranks are not
//! news. After each statement the watcher waits, so that all requests together cost at most two statements a second.

mod task;

use std::{
    collections::HashMap,
    future::pending,
    mem,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};
use wts_app::{FoundHistory, HistoryQuery, WatchTraces};
use wts_domain::{Trace, TraceId};

use crate::metrics::HttpMetrics;

/// The time in milliseconds after which a history is read again. It is random, so that the reads are spread.
const RECHECK_MILLIS: Range<u64> = 20_000..26_000;
/// The number of batches of the feed in memory. A request that falls behind them reads pages of its own.
const MAX_BATCHES: usize = 16;

/// The watcher, which all requests share.
#[derive(Clone)]
pub(crate) struct Watcher(Arc<Shared>);

struct Shared {
    use_case: WatchTraces,
    metrics: HttpMetrics,
    batches: broadcast::Sender<Arc<FeedBatch>>,
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

/// All settled traces between two positions of the feed.
#[derive(Debug)]
pub(crate) struct FeedBatch {
    /// The traces have higher ids than this one.
    pub(crate) after: TraceId,
    /// The position after the batch.
    pub(crate) end: TraceId,
    pub(crate) traces: Vec<Trace>,
    /// When the traces were seen.
    pub(crate) seen: Instant,
}

impl Watcher {
    pub(crate) fn new(use_case: WatchTraces, metrics: HttpMetrics) -> Self {
        Self(Arc::new(Shared {
            use_case,
            metrics,
            batches: broadcast::Sender::new(MAX_BATCHES),
            state: Mutex::default(),
        }))
    }

    /// Watches a history until the subscription is dropped. A client must subscribe before it reads the history, so that
    /// it misses nothing.
    pub(crate) fn subscribe(&self, query: HistoryQuery) -> Subscription {
        let mut state = self.0.state();
        let watched = state.watched.entry(query);
        let watched = watched.or_insert_with(|| Watched {
            // A slow reader needs the latest reading only.
            readings: broadcast::Sender::new(1),
            due: next_recheck(),
            news_seen: None,
        });
        let readings = watched.readings.subscribe();
        self.start(state);
        Subscription { readings }
    }

    /// Returns a receiver of the batches of the feed. The first one can be empty, and shows where the watcher begins.
    pub(crate) fn subscribe_feed(&self) -> broadcast::Receiver<Arc<FeedBatch>> {
        let receiver = self.0.batches.subscribe();
        self.start(self.0.state());
        receiver
    }

    /// Starts the task unless it is running.
    fn start(&self, mut state: MutexGuard<'_, State>) {
        if !mem::replace(&mut state.is_running, true) {
            tokio::spawn(task::run(Arc::clone(&self.0)));
        }
    }
}

/// The subscription to a history.
pub(crate) struct Subscription {
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

fn next_recheck() -> Instant {
    Instant::now() + Duration::from_millis(fastrand::u64(RECHECK_MILLIS))
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
