//! A queue of queries, and its batch in flight.

use std::{
    collections::VecDeque,
    mem,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::oneshot, task::yield_now, time::sleep};
use wts_app::HistoryQuery;
use wts_domain::TicketHistory;

use super::{
    batch::{Batch, LookupResult, PendingLookup},
    limits::QueueLimits,
    loader::{BatchLoader, BatchRequest, BatchResponse, LookupError},
};
use crate::health::DatabaseHealth;

/// The interval at which waiting queries are checked for their timeout.
const EXPIRY_INTERVAL: Duration = Duration::from_millis(20);

/// A queue that sends waiting queries in batches, one batch at a time.
pub(super) struct BatchQueue<L> {
    loader: L,
    limits: QueueLimits,
    health: DatabaseHealth,
    /// The runtime on which batches are read; `None` for the runtime of the query that spawns the worker.
    runtime: Option<Handle>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<PendingLookup>,
    /// Whether a worker is running. The caller that finds `false` spawns one.
    worker_running: bool,
    /// When the batch in flight was sent.
    sent: Option<Instant>,
    /// When the previous batch failed; `None` if it succeeded.
    failed: Option<Instant>,
    /// The histories read so far, if the number of their traces is limited.
    live: Vec<Weak<TicketHistory>>,
}

impl<L: BatchLoader> BatchQueue<L> {
    pub(super) fn new(loader: L, limits: QueueLimits, health: DatabaseHealth) -> Self {
        Self {
            loader,
            limits,
            health,
            runtime: None,
            state: Mutex::default(),
        }
    }

    /// Sets the runtime on which batches are read. Otherwise the worker runs on the runtime of one query, which may
    /// shut down before other queries have their results, and which a long history would block.
    pub(super) fn on_runtime(mut self, runtime: Option<Handle>) -> Self {
        self.runtime = runtime;
        self
    }

    pub(super) async fn find(self: &Arc<Self>, query: &HistoryQuery) -> LookupResult {
        let (result, received) = oneshot::channel();
        let lookup = PendingLookup {
            query: query.clone(),
            queued_at: Instant::now(),
            result,
        };
        if self.push(lookup)? {
            // The worker is a separate task: if this caller is cancelled, other callers still get their results.
            let worker = BatchWorker::new(self).run();
            match &self.runtime {
                Some(runtime) => runtime.spawn(worker),
                None => tokio::spawn(worker),
            };
        }
        received.await.unwrap_or_else(|_dropped| {
            Err(LookupError::failed(
                "the batch worker ended before the query was read",
            ))
        })
    }

    #[cfg(test)]
    pub(super) fn has_waiting(&self) -> bool {
        !self.state().waiting.is_empty()
    }

    /// Adds a query to the queue. Returns whether the caller must spawn a worker.
    fn push(&self, lookup: PendingLookup) -> Result<bool, LookupError> {
        let mut state = self.state();
        if state.waiting.len() >= self.limits.queue {
            state.waiting.retain(|lookup| !lookup.result.is_closed());
            if state.waiting.len() >= self.limits.queue {
                return Err(state.timeout_error(self.limits));
            }
        }
        state.waiting.push_back(lookup);
        Ok(!mem::replace(&mut state.worker_running, true))
    }

    /// Removes the next batch from the queue. If no query waits, returns `None` and records that the worker ends.
    fn next_batch(&self) -> Option<Batch> {
        let mut state = self.state();
        let batch = Batch::take(&mut state.waiting, self.limits.batch);
        state.worker_running = !batch.lookups.is_empty();
        state.sent = state.worker_running.then(Instant::now);
        state.worker_running.then_some(batch)
    }

    async fn load(&self, request: &BatchRequest) -> Result<BatchResponse, LookupError> {
        let begun = Instant::now();
        let outcome = self.loader.load(request).await;
        self.health.metrics().record_batch(
            request.tickets.len(),
            begun.elapsed(),
            outcome.is_err(),
        );
        outcome.map_err(LookupError::failed)
    }

    /// Awaits `work` and meanwhile fails the queries that have waited longer than the queue timeout.
    async fn await_while_expiring<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                outcome = &mut work => return outcome,
                () = sleep(EXPIRY_INTERVAL) => self.state().expire_waiters(self.limits),
            }
        }
    }

    /// Waits until the histories that callers still hold have fewer traces than the maximum.
    async fn wait_for_capacity(&self) {
        while self.limits.max_live_traces.is_some_and(|max| {
            let mut state = self.state();
            state.live.retain(|history| history.strong_count() > 0);
            let histories = state.live.iter().filter_map(Weak::upgrade);
            histories.map(|history| history.traces.len()).sum::<usize>() >= max
        }) {
            sleep(EXPIRY_INTERVAL).await;
        }
    }

    fn record_outcome(&self, outcome: &Result<BatchResponse, LookupError>) {
        let mut state = self.state();
        state.sent = None;
        state.failed = outcome.is_err().then(Instant::now);
        if let (Some(_), Ok(response)) = (self.limits.max_live_traces, outcome) {
            let histories = response.histories.values().flatten();
            state.live.extend(histories.map(Arc::downgrade));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave the state inconsistent, so a poisoned lock is still usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn expire_waiters(&mut self, limits: QueueLimits) {
        // The queue is in order of arrival.
        while self
            .waiting
            .front()
            .is_some_and(|lookup| lookup.queued_at.elapsed() >= limits.queue_timeout)
        {
            let error = self.timeout_error(limits);
            if let Some(lookup) = self.waiting.pop_front() {
                let _ = lookup.result.send(Err(error));
            }
        }
    }

    /// Returns the error for a query that the queue rejects or that timed out in the queue.
    fn timeout_error(&self, limits: QueueLimits) -> LookupError {
        let is_long_ago = |since: Instant| since.elapsed() >= limits.failure_threshold;
        if self.sent.is_some_and(is_long_ago) {
            LookupError::failed("the batch ahead of this query has not completed")
        } else if self.failed.is_some_and(|failed| !is_long_ago(failed)) {
            LookupError::failed("the batch ahead of this query failed")
        } else {
            LookupError::Busy
        }
    }
}

/// A worker that sends batches until no query waits.
struct BatchWorker<L: BatchLoader> {
    queue: Arc<BatchQueue<L>>,
    is_done: bool,
}

impl<L: BatchLoader> BatchWorker<L> {
    fn new(queue: &Arc<BatchQueue<L>>) -> Self {
        Self {
            queue: Arc::clone(queue),
            is_done: false,
        }
    }

    async fn run(mut self) {
        let queue = &self.queue;
        loop {
            // Lets requests that have already arrived join the batch.
            yield_now().await;
            queue.await_while_expiring(queue.wait_for_capacity()).await;
            let Some(batch) = queue.next_batch() else {
                break;
            };
            let outcome = queue.await_while_expiring(queue.load(&batch.request)).await;
            queue.record_outcome(&outcome);
            batch.respond(&outcome);
        }
        self.is_done = true;
    }
}

impl<L: BatchLoader> Drop for BatchWorker<L> {
    /// If the loader panicked or the runtime shut down, the waiting queries fail, and the next query spawns a new
    /// worker.
    fn drop(&mut self) {
        if !self.is_done {
            let mut state = self.queue.state();
            state.worker_running = false;
            state.sent = None;
            state.waiting.clear();
        }
    }
}
