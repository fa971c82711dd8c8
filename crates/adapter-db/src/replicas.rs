//! A repository that distributes reads over the replicas whose lag is below the maximum.
//!
//! A result is never older than the maximum lag: if the primary does not respond, the lag of a replica is unknown and
//! the replica is not read from.
//!
//! PostgreSQL drivers do not offer this: they choose a host only when connecting, and do not check the lag.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::{sync::watch, time::timeout};
use wts_app::{FoundHistory, HistoryQuery, HistoryRepository, RepositoryError};

use crate::health::DatabaseHealth;

/// A read replica: its repository, health and lag.
#[derive(Clone)]
pub(crate) struct Replica(Arc<ReplicaState>);

struct ReplicaState {
    histories: Arc<dyn HistoryRepository>,
    health: DatabaseHealth,
    readable: watch::Receiver<bool>,
    max_lag: Duration,
    /// The latest time at which the replica is known to have had all data of the primary.
    caught_up_at: Mutex<Option<Instant>>,
}

impl Replica {
    /// Creates a replica whose lag is not known yet.
    pub(crate) fn new(
        histories: Arc<dyn HistoryRepository>,
        health: DatabaseHealth,
        max_lag: Duration,
    ) -> Self {
        health.metrics().set_replica(0.0, false);
        Self(Arc::new(ReplicaState {
            histories,
            readable: health.readable(),
            health,
            max_lag,
            caught_up_at: Mutex::default(),
        }))
    }

    /// Sets the time at which the replica had all data of the primary; `None` if the lag is unknown.
    pub(crate) fn set_caught_up_at(&self, timestamp: Option<Instant>) {
        *self.caught_up_at() = timestamp;
        let lag = timestamp.map_or(f64::INFINITY, |at| at.elapsed().as_secs_f64());
        let metrics = self.0.health.metrics();
        metrics.set_replica(lag, self.is_usable());
    }

    /// Returns whether the replica can be read and its lag is below the maximum.
    fn is_usable(&self) -> bool {
        *self.0.readable.borrow()
            && self
                .caught_up_at()
                .is_some_and(|at| at.elapsed() < self.0.max_lag)
    }

    fn caught_up_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0
            .caught_up_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A repository that reads from the usable replicas in turn. It reads from the primary if no replica is usable or the
/// chosen replica does not respond.
pub(crate) struct ReplicaRouter {
    primary: Arc<dyn HistoryRepository>,
    replicas: Vec<Replica>,
    /// The longest time for which a replica may send no data before the primary is queried instead.
    replica_timeout: Duration,
    turn: AtomicUsize,
}

impl ReplicaRouter {
    pub(crate) fn new(
        primary: Arc<dyn HistoryRepository>,
        replicas: Vec<Replica>,
        replica_timeout: Duration,
    ) -> Self {
        Self {
            primary,
            replicas,
            replica_timeout,
            turn: AtomicUsize::new(0),
        }
    }

    /// Returns the next usable replica.
    fn next(&self) -> Option<&Replica> {
        let turn = self.turn.fetch_add(1, Relaxed);
        (0..self.replicas.len())
            .filter_map(|step| {
                let index = turn.wrapping_add(step).checked_rem(self.replicas.len())?;
                self.replicas.get(index)
            })
            .find(|replica| replica.is_usable())
    }

    /// Waits for the result of a replica; returns `None` after a timeout during which the replica sent no data. A
    /// replica that sends data is not down, but busy with other queries or a long history.
    async fn await_while_active<T>(
        &self,
        health: &DatabaseHealth,
        result: impl Future<Output = T>,
    ) -> Option<T> {
        let mut result = pin!(result);
        loop {
            let activity = health.activity();
            match timeout(self.replica_timeout, &mut result).await {
                Ok(result) => return Some(result),
                Err(_elapsed) if health.activity() == activity => return None,
                Err(_elapsed) => {}
            }
        }
    }
}

#[async_trait]
impl HistoryRepository for ReplicaRouter {
    async fn find(&self, query: &HistoryQuery) -> Result<FoundHistory, RepositoryError> {
        // Ranks are read from the primary only, because a replica may not have replayed a demotion yet.
        if query.rank_of.is_none()
            && let Some(Replica(replica)) = self.next()
        {
            let result = replica.histories.find(query);
            match self.await_while_active(&replica.health, result).await {
                // A missing ticket may be new and not replayed yet, so the primary is queried as well.
                Some(Ok(found)) if found.history.is_some() => return Ok(found),
                // The primary is queried too if the replica is busy.
                Some(Ok(_) | Err(RepositoryError::Busy)) => {}
                Some(Err(RepositoryError::Failed(_))) | None => replica.health.request_probe(),
            }
        }
        self.primary.find(query).await
    }
}

#[cfg(test)]
mod tests;
