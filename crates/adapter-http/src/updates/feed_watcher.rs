//! The watcher of the feed: one task that reads the settled traces for all requests that follow the feed. It runs while
//! there is one.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::broadcast,
    time::{Instant, MissedTickBehavior, interval},
};
use wts_app::{ErrorChain, FeedPosition, TracePage, WatchTraces};
use wts_domain::{Trace, TraceId};

use crate::metrics::HttpMetrics;

/// The time between two reads.
const INTERVAL: Duration = Duration::from_secs(1);
/// The maximum number of traces that are read at once.
const MAX_TRACES: usize = 1_000;
/// The number of batches in memory. A request that falls behind them reads pages of its own.
const MAX_BATCHES: usize = 16;

/// The watcher of the feed, which all requests share.
#[derive(Clone)]
pub(crate) struct FeedWatcher(Arc<Shared>);

struct Shared {
    use_case: WatchTraces,
    metrics: HttpMetrics,
    batches: broadcast::Sender<Arc<FeedBatch>>,
    is_running: Mutex<bool>,
}

/// All settled traces between two positions.
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

impl FeedWatcher {
    pub(crate) fn new(use_case: WatchTraces, metrics: HttpMetrics) -> Self {
        Self(Arc::new(Shared {
            use_case,
            metrics,
            batches: broadcast::Sender::new(MAX_BATCHES),
            is_running: Mutex::default(),
        }))
    }

    /// Returns a receiver of batches. The first one can be empty, and shows where the watcher begins.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<FeedBatch>> {
        let mut is_running = self.0.is_running();
        let receiver = self.0.batches.subscribe();
        if !mem::replace(&mut *is_running, true) {
            tokio::spawn(run(Arc::clone(&self.0)));
        }
        receiver
    }
}

/// Reads until there is no receiver.
async fn run(shared: Arc<Shared>) {
    let mut running = Running {
        shared: Arc::clone(&shared),
        has_ended: false,
    };
    let mut interval = interval(INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut position = FeedPosition::End;
    let mut has_failed = false;
    while shared.goes_on() {
        interval.tick().await;
        shared.metrics.watcher_reads.inc();
        match shared.use_case.settled(position, MAX_TRACES).await {
            Ok(page) => {
                let start = mem::replace(&mut position, page.next);
                shared.publish(start, page);
                has_failed = false;
            }
            Err(error) if !mem::replace(&mut has_failed, true) => tracing::warn!(
                cause = %ErrorChain(&error),
                "reading the feed failed; waiting requests and event streams stay open"
            ),
            Err(_) => {}
        }
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
            *self.shared.is_running() = false;
        }
    }
}

impl Shared {
    /// Returns whether there is a receiver. Otherwise records that the watcher ends.
    fn goes_on(&self) -> bool {
        let mut is_running = self.is_running();
        *is_running = self.batches.receiver_count() > 0;
        *is_running
    }

    fn publish(&self, position: FeedPosition, page: TracePage) {
        let FeedPosition::After(end) = page.next else {
            return;
        };
        let after = match position {
            FeedPosition::After(after) => after,
            _ => end,
        };
        if page.next != position {
            // There may be no receiver any more.
            let _ = self.batches.send(Arc::new(FeedBatch {
                after,
                end,
                traces: page.traces,
                seen: Instant::now(),
            }));
        }
    }

    fn is_running(&self) -> MutexGuard<'_, bool> {
        self.is_running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
