//! Health checks: queries a database periodically to find out whether it can be read.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
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

/// After this time a probe that has no result yet is joined by another: one that hangs may hang on when the database is
/// back.
const OVERLAPPING_PROBE_DELAY: Duration = Duration::from_millis(500);
/// How many probes run at once. One that takes long may just come from far away, and is not cancelled.
const MAX_CONCURRENT_PROBES: usize = 3;
/// The time between a failed probe and the next.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// The read of a health check.
pub(crate) trait Probe: Send + Sync + 'static {
    /// Reads what proves that histories can be read. Several probes may run at once. It gives up by itself in the end.
    ///
    /// # Errors
    ///
    /// Why it could not, on a connection that was made for it.
    fn probe(&self) -> impl Future<Output = Result<(), Cause>> + Send;

    /// Called when the database cannot be read.
    fn on_failure(&self) {}
}

/// The health and the metrics of a database, shared by all that read it. Clones are of the same database.
#[derive(Debug, Clone)]
pub(crate) struct DatabaseHealth(Arc<State>);

#[derive(Debug)]
struct State {
    name: String,
    metrics: NodeMetrics,
    readable: watch::Sender<bool>,
    recoveries: watch::Sender<u64>,
    probe_requested: Notify,
    reads: AtomicU64,
    read_while_down: Notify,
    activity: AtomicU64,
}

impl DatabaseHealth {
    /// The health of a database that was read just now; `name` is its name in the log and the metrics.
    pub(crate) fn new(name: &str, metrics: &DatabaseMetrics) -> Self {
        Self(Arc::new(State {
            name: name.to_owned(),
            metrics: metrics.of(name),
            readable: watch::Sender::new(true),
            recoveries: watch::Sender::new(0),
            probe_requested: Notify::new(),
            reads: AtomicU64::new(0),
            read_while_down: Notify::new(),
            activity: AtomicU64::new(0),
        }))
    }

    pub(crate) fn metrics(&self) -> &NodeMetrics {
        &self.0.metrics
    }

    /// Whether histories can be read.
    pub(crate) fn readable(&self) -> watch::Receiver<bool> {
        self.0.readable.subscribe()
    }

    /// Resolves when the database answers again after it had stopped: queries that were sent before may hang forever.
    pub(crate) async fn recovered(&self) {
        let mut recoveries = self.0.recoveries.subscribe();
        // It cannot fail: the sender lives in `self`.
        let _ = recoveries.changed().await;
    }

    /// Makes the health check probe the database at once.
    pub(crate) fn request_probe(&self) {
        self.0.probe_requested.notify_one();
    }

    /// Records a read that is complete.
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

    /// A number that changes whenever a part of a result arrives.
    pub(crate) fn activity(&self) -> u64 {
        self.0.activity.load(Relaxed)
    }

    fn reads(&self) -> u64 {
        self.0.reads.load(Relaxed)
    }

    /// Sets whether the database can be read; and if it can, whether queries that were sent before hang.
    fn update(&self, is_readable: bool, others_hang: bool) {
        self.0.metrics.set_up(is_readable);
        let was_readable = self.0.readable.send_replace(is_readable);
        if is_readable && (!was_readable || others_hang) {
            self.0.recoveries.send_modify(|number| *number += 1);
        }
    }
}

/// Probes a database every `interval` and updates its `health`, until the returned handle is dropped.
pub(crate) fn spawn_health_check(
    probe: impl Probe,
    health: DatabaseHealth,
    interval: Duration,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(run_health_check(probe, health, interval)))
}

/// A database that others have read from since a probe was sent can be read, even if the probe failed.
async fn run_health_check(probe: impl Probe, health: DatabaseHealth, interval: Duration) {
    let mut is_up = true;
    let mut reads_before = 0;
    health.update(is_up, false);
    let mut probes = FuturesUnordered::new();
    // When the probes were sent that have no result yet.
    let mut pending = BTreeSet::new();
    let mut next = Instant::now() + interval;
    loop {
        let (cause, others_hang) = tokio::select! {
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
            () = health.0.read_while_down.notified(), if !is_up => {
                if health.reads() == reads_before {
                    continue; // the read was before the failure
                }
                (None, false)
            }
            Some((sent, reads, outcome)) = probes.next() => {
                pending.remove(&sent);
                match outcome {
                    Err(_) if health.reads() != reads => continue,
                    // A probe that was sent later has its result sooner.
                    outcome => (outcome.err(), pending.first().is_some_and(|first| *first < sent)),
                }
            }
        };
        if let Some(cause) = cause {
            if is_up {
                let cause = ErrorChain(&*cause).to_string();
                tracing::error!(
                    database.name = health.0.name,
                    cause,
                    "the database cannot be read"
                );
            }
            is_up = false;
            reads_before = health.reads();
            probe.on_failure();
            next = next.min(Instant::now() + RETRY_DELAY);
        } else {
            if !is_up {
                tracing::info!(
                    database.name = health.0.name,
                    "the database can be read again"
                );
            }
            is_up = true;
            probes.clear();
            pending.clear();
            next = Instant::now() + interval;
        }
        health.update(is_up, others_hang);
    }
}

#[cfg(test)]
mod tests;
