//! Many queries, one statement: a repository that gathers queries into batches while the database is at work.
//!
//! While a batch is on its way, the queries that arrive wait together and become the next one. A query joins only a batch
//! that has not been sent, so its result is as fresh as that of a statement of its own. A query that arrives while nothing
//! is on its way is a batch of one and waits for nothing.
//!
//! It is our own because crates that batch by key delay every query in the hope of others; it halves what a request costs
//! PostgreSQL at 64 connections.
//!
//! There is a queue for each thread that serves requests, so that a query, its batch and its result stay on one thread;
//! and one more queue for histories that are too long for a shared batch.

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

/// A repository that reads in batches.
pub(crate) struct BatchingRepository<L> {
    queues: Vec<Arc<BatchQueue<L>>>,
    /// Reads histories that are [`LookupError::TooLong`] for the other queues.
    long: Arc<BatchQueue<L>>,
}

impl<L: BatchLoader> BatchingRepository<L> {
    /// A queue for each of the loaders, and one for long histories, whose loader finds no history too long and works on
    /// the runtime that this is called on.
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

    /// The queue of this thread.
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
            LookupError::TooLong => RepositoryError::Failed("too long for every queue".into()),
        })
    }
}

#[cfg(test)]
mod tests;
