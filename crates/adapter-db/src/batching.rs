//! A repository that combines concurrent queries into batches, and reads each batch with one statement.
//!
//! While a batch is in flight, arriving queries wait in a queue and form the next batch. A query never joins a batch
//! that has been sent, so its result is as fresh as that of a separate statement. If no batch is in flight, a query is
//! sent alone at once.
//!
//! Existing batching crates are not used because they delay every query to collect a batch. With 64 connections, this
//! implementation halves the cost of a request for PostgreSQL.
//!
//! Each thread that serves requests has its own queue, so that a query, its batch and its result stay on one thread.
//! One more queue reads histories that are too long for a shared batch.

mod batch;
mod limits;
mod loader;
mod queue;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use tokio::runtime::Handle;
use wts_app::{FoundHistory, HistoryQuery, HistoryRepository, RepositoryError};

use self::queue::BatchQueue;
pub(crate) use self::{
    limits::QueueLimits,
    loader::{BatchLoader, BatchRequest, BatchResponse, HistoryOutcome, LookupError},
};
use crate::health::DatabaseHealth;

/// A history repository that combines concurrent queries into batches.
pub(crate) struct BatchingRepository<L> {
    queues: Vec<Arc<BatchQueue<L>>>,
    /// The queue for histories that the other queues reject with [`LookupError::TooLong`].
    long: Arc<BatchQueue<L>>,
}

impl<L: BatchLoader> BatchingRepository<L> {
    /// Creates one queue for each of `loaders`, and one for long histories. The loader `long` must accept histories of
    /// any length, and runs on the current tokio runtime.
    pub(crate) fn new(
        loaders: impl IntoIterator<Item = L>,
        limits: QueueLimits,
        long: L,
        long_limits: QueueLimits,
        health: &DatabaseHealth,
    ) -> Self {
        let queue = |loader, limits| BatchQueue::new(loader, limits, health.clone());
        Self {
            queues: loaders
                .into_iter()
                .map(|loader| Arc::new(queue(loader, limits)))
                .collect(),
            long: Arc::new(queue(long, long_limits).on_runtime(Handle::try_current().ok())),
        }
    }

    /// Returns the queue of the current thread.
    fn queue(&self) -> &Arc<BatchQueue<L>> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        let number = NUMBER.with(|number| *number);
        number
            .checked_rem(self.queues.len())
            .and_then(|queue| self.queues.get(queue))
            .unwrap_or(&self.long)
    }
}

#[async_trait]
impl<L: BatchLoader> HistoryRepository for BatchingRepository<L> {
    async fn find(&self, query: &HistoryQuery) -> Result<FoundHistory, RepositoryError> {
        let result = match self.queue().find(query).await {
            Err(LookupError::TooLong) => self.long.find(query).await,
            result => result,
        };
        result.map_err(|error| match error {
            LookupError::Busy => RepositoryError::Busy,
            LookupError::Failed(cause) => RepositoryError::Failed(cause.into()),
            LookupError::TooLong => {
                RepositoryError::Failed("the history is too long for every queue".into())
            }
        })
    }
}

#[cfg(test)]
mod tests;
