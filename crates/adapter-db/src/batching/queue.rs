//! A queue of queries, and the one batch that is on its way.

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

/// How often queries that wait are checked for their timeout.
const EXPIRY_INTERVAL: Duration = Duration::from_millis(20);

/// Sends the queries that wait batch by batch, one at a time.
pub(super) struct BatchQueue<L> {
    loader: L,
    limits: QueueLimits,
    health: DatabaseHealth,
    /// Where batches are read, if not on the runtime of the query that finds no worker.
    runtime: Option<Handle>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<PendingLookup>,
    /// Whether a worker sends batches. The caller that finds `false` spawns one.
    worker_running: bool,
    /// When the batch that is on its way was sent.
    sent: Option<Instant>,
    /// When the last batch came back, if it failed.
    failed: Option<Instant>,
    /// Histories that were read, where their number is limited.
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

    /// Reads on this runtime: that of the first query may end before the others have their results; and a long history
    /// would keep its thread from other work.
    pub(super) fn on_runtime(mut self, runtime: Option<Handle>) -> Self {
        self.runtime = runtime;
        self
    }

    pub(super) async fn find(self: &Arc<Self>, query: &HistoryQuery) -> LookupResult {
        let (result, received) = oneshot::channel();
        let lookup = PendingLookup {
            query: query.clone(),
            since: Instant::now(),
            result,
        };
        if self.push(lookup)? {
            // In a task of its own: if the first caller goes away, the others still get their results.
            let worker = BatchWorker::new(self).run();
            match &self.runtime {
                Some(runtime) => runtime.spawn(worker),
                None => tokio::spawn(worker),
            };
        }
        received
            .await
            .unwrap_or_else(|_dropped| Err(LookupError::failed("the read was abandoned")))
    }

    #[cfg(test)]
    pub(super) fn has_waiting(&self) -> bool {
        !self.state().waiting.is_empty()
    }

    /// Adds a query to the queue. Returns whether a worker has to be spawned.
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

    /// The next batch; `None`, and no worker from now on, if no query waits.
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

    /// Waits for `work`, and meanwhile expires queries that have waited too long.
    async fn expiring_waiters_while<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                outcome = &mut work => return outcome,
                () = sleep(EXPIRY_INTERVAL) => self.state().expire_waiters(self.limits),
            }
        }
    }

    /// Waits until few enough of the histories that were read are still in use.
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
        // Nothing that is done under the lock leaves it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn expire_waiters(&mut self, limits: QueueLimits) {
        // They are in the order of their arrival.
        while self
            .waiting
            .front()
            .is_some_and(|lookup| lookup.since.elapsed() >= limits.queue_timeout)
        {
            let error = self.timeout_error(limits);
            if let Some(lookup) = self.waiting.pop_front() {
                let _ = lookup.result.send(Err(error));
            }
        }
    }

    /// Why a query cannot wait, or not any longer.
    fn timeout_error(&self, limits: QueueLimits) -> LookupError {
        let is_long_ago = |since: Instant| since.elapsed() >= limits.failure_threshold;
        if self.sent.is_some_and(is_long_ago) {
            LookupError::failed("the batch before this query is still not read")
        } else if self.failed.is_some_and(|failed| !is_long_ago(failed)) {
            LookupError::failed("the batch before this query was not read")
        } else {
            LookupError::Busy
        }
    }
}

/// Sends batch after batch, until no query waits.
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
            // Requests that have arrived and are about to be read shall be in the batch.
            yield_now().await;
            queue
                .expiring_waiters_while(queue.wait_for_capacity())
                .await;
            let Some(batch) = queue.next_batch() else {
                break;
            };
            let outcome = queue
                .expiring_waiters_while(queue.load(&batch.request))
                .await;
            queue.record_outcome(&outcome);
            batch.respond(&outcome);
        }
        self.is_done = true;
    }
}

impl<L: BatchLoader> Drop for BatchWorker<L> {
    /// If the loader panicked or the runtime ended, the queries that wait fail, and the next query spawns a new worker.
    fn drop(&mut self) {
        if !self.is_done {
            let mut state = self.queue.state();
            state.worker_running = false;
            state.sent = None;
            state.waiting.clear();
        }
    }
}
