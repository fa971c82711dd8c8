//! A repository that spreads reads over the replicas that keep up with the primary.
//!
//! The result of a replica is never staler than the configured maximum: a replica whose lag is unknown, because the
//! primary does not respond, is not read from.
//!
//! It is our own because the drivers only choose a host when they connect, and know nothing of lag.

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

/// A replica and its state.
#[derive(Clone)]
pub(crate) struct Replica(Arc<ReplicaState>);

struct ReplicaState {
    histories: Arc<dyn HistoryRepository>,
    health: DatabaseHealth,
    readable: watch::Receiver<bool>,
    max_lag: Duration,
    /// When it last was known to have everything that the primary had then.
    caught_up_at: Mutex<Option<Instant>>,
}

impl Replica {
    /// A replica whose lag is not known yet.
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

    /// Records when it had everything that the primary had; `None` if its lag is unknown.
    pub(crate) fn set_caught_up_at(&self, timestamp: Option<Instant>) {
        *self.caught_up_at() = timestamp;
        let lag = timestamp.map_or(f64::INFINITY, |at| at.elapsed().as_secs_f64());
        let metrics = self.0.health.metrics();
        metrics.set_replica(lag, self.is_usable());
    }

    /// Whether it can be read and is fresh enough.
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

/// Reads from the usable replicas in turn, and from the primary if there is none or the replica does not answer.
pub(crate) struct ReplicaRouter {
    primary: Arc<dyn HistoryRepository>,
    replicas: Vec<Replica>,
    /// How long a replica may be silent before the primary is queried instead.
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

    /// The next usable replica.
    fn next(&self) -> Option<&Replica> {
        let turn = self.turn.fetch_add(1, Relaxed);
        (0..self.replicas.len())
            .filter_map(|step| {
                let index = turn.wrapping_add(step).checked_rem(self.replicas.len())?;
                self.replicas.get(index)
            })
            .find(|replica| replica.is_usable())
    }

    /// Waits for a result as long as anything comes from the replica: then it is not dead, but busy with other queries or
    /// with a long history.
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
        // A replica may not have replayed a demotion yet: ranks are the primary's to read.
        if query.rank_of.is_none()
            && let Some(Replica(replica)) = self.next()
        {
            let result = replica.histories.find(query);
            match self.await_while_active(&replica.health, result).await {
                // A ticket that was filed a moment ago may not have got there yet.
                Some(Ok(found)) if found.history.is_some() => return Ok(found),
                // The primary may be less busy.
                Some(Ok(_) | Err(RepositoryError::Busy)) => {}
                Some(Err(RepositoryError::Failed(_))) | None => replica.health.request_probe(),
            }
        }
        self.primary.find(query).await
    }
}

#[cfg(test)]
mod tests;
