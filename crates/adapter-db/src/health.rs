//! Health checks, which query a database periodically to find out whether histories can be read.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};
use tokio_util::task::AbortOnDropHandle;
use wts_app::ErrorChain;

use crate::{
    error::Cause,
    metrics::{DatabaseMetrics, NodeMetrics},
};

/// The time after which a second probe starts if a probe has no result yet. A hanging probe may still hang when the
/// database works again.
const OVERLAPPING_PROBE_DELAY: Duration = Duration::from_millis(500);
/// The maximum number of concurrent probes. A slow probe is not cancelled, because the network may be slow.
const MAX_CONCURRENT_PROBES: usize = 3;
/// The time between a failed probe and the next probe.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// The query of a health check.
pub(crate) trait Probe: Send + Sync + 'static {
    /// Reads a history to verify that histories can be read. Several probes may run at once. Every probe must return
    /// within a limited time.
    ///
    /// # Errors
    ///
    /// Returns why reading failed on a new connection; a failure of an old connection is not an error.
    fn probe(&self) -> impl Future<Output = Result<(), Cause>> + Send;

    /// Handles a failed probe. Called after each probe that found the database unreadable.
    fn on_failure(&self) {}

    /// Returns whether the failure proves that reads fail, although others may succeed.
    fn is_conclusive(&self, _cause: &Cause) -> bool {
        false
    }
}

/// The health and the metrics of a database. Clones share the same state.
#[derive(Debug, Clone)]
pub(crate) struct DatabaseHealth(Arc<State>);

#[derive(Debug)]
struct State {
    name: String,
    metrics: NodeMetrics,
    readable: watch::Sender<bool>,
    recoveries: watch::Sender<u64>,
    probe_requested: Notify,
    new_connection_required: AtomicBool,
    reads: AtomicU64,
    read_while_down: Notify,
    activity: AtomicU64,
}

impl DatabaseHealth {
    /// Creates the health state of a database that has just been read successfully. `name` identifies the database in logs
    /// and metrics.
    pub(crate) fn new(name: &str, metrics: &DatabaseMetrics) -> Self {
        Self(Arc::new(State {
            name: name.to_owned(),
            metrics: metrics.of(name),
            readable: watch::Sender::new(true),
            recoveries: watch::Sender::new(0),
            probe_requested: Notify::new(),
            new_connection_required: AtomicBool::new(false),
            reads: AtomicU64::new(0),
            read_while_down: Notify::new(),
            activity: AtomicU64::new(0),
        }))
    }

    pub(crate) fn metrics(&self) -> &NodeMetrics {
        &self.0.metrics
    }

    /// Returns a channel that holds whether histories can be read.
    pub(crate) fn readable(&self) -> watch::Receiver<bool> {
        self.0.readable.subscribe()
    }

    /// Resolves when the database can be read again after a failure. A query that was sent before the failure may hang
    /// forever.
    pub(crate) async fn recovered(&self) {
        let mut recoveries = self.0.recoveries.subscribe();
        // `changed` cannot fail, because `self` holds the sender.
        let _ = recoveries.changed().await;
    }

    /// Makes the health check probe the database immediately.
    pub(crate) fn request_probe(&self) {
        self.0.probe_requested.notify_one();
    }

    /// Makes the health check probe the database immediately, over a new connection.
    pub(crate) fn require_new_connection(&self) {
        self.0.new_connection_required.store(true, Relaxed);
        self.request_probe();
    }

    /// Returns whether the next probe needs a new connection, and resets this requirement.
    pub(crate) fn take_new_connection_required(&self) -> bool {
        self.0.new_connection_required.swap(false, Relaxed)
    }

    /// Records that a read has completed.
    pub(crate) fn record_success(&self) {
        self.0.reads.fetch_add(1, Relaxed);
        self.record_activity();
        if !*self.0.readable.borrow() {
            self.0.read_while_down.notify_one();
        }
    }

    /// Records that a part of a result has arrived.
    pub(crate) fn record_activity(&self) {
        self.0.activity.fetch_add(1, Relaxed);
    }

    /// Returns a counter that is incremented whenever a part of a result arrives.
    pub(crate) fn activity(&self) -> u64 {
        self.0.activity.load(Relaxed)
    }

    fn reads(&self) -> u64 {
        self.0.reads.load(Relaxed)
    }

    /// Records the result of a probe. If an earlier probe still hangs, other queries may hang too, so a success then
    /// counts as a recovery.
    fn update(&self, is_readable: bool, earlier_probe_hangs: bool) {
        self.0.metrics.set_up(is_readable);
        let was_readable = self.0.readable.send_replace(is_readable);
        if is_readable && (!was_readable || earlier_probe_hangs) {
            self.0.recoveries.send_modify(|number| *number += 1);
        }
    }
}

/// Spawns a task that probes a database every `interval` and updates `health`. Dropping the returned handle stops the
/// task.
pub(crate) fn spawn_health_check(
    probe: impl Probe,
    health: DatabaseHealth,
    interval: Duration,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(run_health_check(probe, health, interval)))
}

/// Runs the health check. A failed probe is ignored if another read has succeeded since that probe was sent, unless the
/// failure is conclusive.
async fn run_health_check(probe: impl Probe, health: DatabaseHealth, interval: Duration) {
    let (mut is_up, mut is_conclusive) = (true, false);
    let mut reads_before = 0;
    health.update(is_up, false);
    let mut probes = FuturesUnordered::new();
    // The times at which the probes without a result were sent.
    let mut pending = BTreeSet::new();
    let mut next = Instant::now() + interval;
    loop {
        let (cause, earlier_probe_hangs) = tokio::select! {
            () = sleep_until(next), if probes.len() < MAX_CONCURRENT_PROBES => {
                let (now, reads, probe) = (Instant::now(), health.reads(), &probe);
                probes.push(async move { (now, reads, probe.probe().await) });
                pending.insert(now);
                next = now + OVERLAPPING_PROBE_DELAY;
                continue;
            }
            () = health.0.probe_requested.notified(), if is_up && probes.is_empty() => {
                next = Instant::now();
                continue;
            }
            () = health.0.read_while_down.notified(), if !is_up && !is_conclusive => {
                if health.reads() == reads_before {
                    continue; // that read completed before the failed probe
                }
                (None, false)
            }
            Some((sent, reads, outcome)) = probes.next() => {
                pending.remove(&sent);
                match outcome {
                    Err(cause) if health.reads() != reads && !probe.is_conclusive(&cause) => continue,
                    // An earlier probe hangs if this later probe has its result first.
                    outcome => (outcome.err(), pending.first().is_some_and(|first| *first < sent)),
                }
            }
        };
        if let Some(cause) = cause {
            if is_up {
                tracing::error!(
                    database.name = health.0.name,
                    cause = ErrorChain(&*cause).to_string(),
                    "database became unreadable"
                );
            }
            is_up = false;
            is_conclusive = probe.is_conclusive(&cause);
            reads_before = health.reads();
            probe.on_failure();
            next = next.min(Instant::now() + RETRY_DELAY);
        } else {
            if !is_up {
                tracing::info!(
                    database.name = health.0.name,
                    "database became readable again"
                );
            }
            (is_up, is_conclusive) = (true, false);
            probes.clear();
            pending.clear();
            next = Instant::now() + interval;
        }
        health.update(is_up, earlier_probe_hangs);
    }
}

#[cfg(test)]
mod tests;
