//! Reads that replicas take off the primary: a decorator of the port that spreads them over those which keep up.
//!
//! An answer of a replica is at most so stale as an operator has allowed, for sure: a replica of which nobody can say how
//! stale it is, because the primary does not answer, is not read from.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use prometheus_client::metrics::gauge::Gauge;
use tokio::{sync::watch, time::timeout};
use wts_app::{HistoryRepository, RepositoryError};
use wts_domain::{Access, StudentId, TicketHistory, TicketId};

use crate::monitor::Pulse;

/// A replica, and what is known of it.
#[derive(Clone)]
pub(crate) struct Replica(Arc<Known>);

struct Known {
    histories: Arc<dyn HistoryRepository>,
    pulse: Pulse,
    readable: watch::Receiver<bool>,
    max_lag: Duration,
    /// It had everything at that moment that the primary had.
    fresh_as_of: Mutex<Option<Instant>>,
    lag: Gauge<f64, AtomicU64>,
    in_use: Gauge,
}

impl Replica {
    /// One of which nothing is known yet.
    pub(crate) fn new(
        histories: Arc<dyn HistoryRepository>,
        pulse: Pulse,
        max_lag: Duration,
        (lag, in_use): (Gauge<f64, AtomicU64>, Gauge),
    ) -> Self {
        Self(Arc::new(Known {
            histories,
            readable: pulse.readable(),
            pulse,
            max_lag,
            fresh_as_of: Mutex::default(),
            lag,
            in_use,
        }))
    }

    /// Takes note of what was found out; nothing, where it is further behind than is known.
    pub(crate) fn is_fresh_as_of(&self, moment: Option<Instant>) {
        *self.fresh_as_of() = moment;
        let lag = moment.map_or(f64::INFINITY, |moment| moment.elapsed().as_secs_f64());
        self.0.lag.set(lag);
        self.0.in_use.set(self.keeps_up().into());
    }

    /// Whether it answers, and with what is fresh enough.
    fn keeps_up(&self) -> bool {
        *self.0.readable.borrow()
            && self
                .fresh_as_of()
                .is_some_and(|moment| moment.elapsed() < self.0.max_lag)
    }

    fn fresh_as_of(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0
            .fresh_as_of
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads from the replicas that keep up, one after the other, and from the primary where there is none, or where the one
/// asked has nothing to say.
pub(crate) struct Replicated {
    primary: Arc<dyn HistoryRepository>,
    replicas: Vec<Replica>,
    /// How long a replica may be silent before the primary is asked instead.
    patience: Duration,
    turn: AtomicUsize,
}

impl Replicated {
    pub(crate) fn new(
        primary: Arc<dyn HistoryRepository>,
        replicas: Vec<Replica>,
        patience: Duration,
    ) -> Self {
        Self {
            primary,
            replicas,
            patience,
            turn: AtomicUsize::new(0),
        }
    }

    /// The next replica that keeps up.
    fn next(&self) -> Option<&Replica> {
        let turn = self.turn.fetch_add(1, Relaxed);
        (0..self.replicas.len())
            .filter_map(|step| {
                let index = turn.wrapping_add(step).checked_rem(self.replicas.len())?;
                self.replicas.get(index)
            })
            .find(|replica| replica.keeps_up())
    }
}

impl Replicated {
    /// Asks a replica that keeps up, and the primary where there is none or its answer is not `enough`: a ticket that was
    /// filed a moment ago may not have got there yet.
    async fn ask<T, F>(
        &self,
        question: impl Fn(Arc<dyn HistoryRepository>) -> F,
        enough: impl Fn(&T) -> bool,
    ) -> Result<T, RepositoryError>
    where
        F: Future<Output = Result<T, RepositoryError>>,
    {
        if let Some(replica) = self.next() {
            let answer = question(Arc::clone(&replica.0.histories));
            match self.unless_silent(&replica.0.pulse, answer).await {
                Some(Ok(answer)) if enough(&answer) => return Ok(answer),
                // Or it has too much to do, which the primary may not have.
                Some(Ok(_) | Err(RepositoryError::Busy)) => {}
                Some(Err(RepositoryError::Failed(_))) | None => replica.0.pulse.suspect(),
            }
        }
        question(Arc::clone(&self.primary)).await
    }

    /// Waits for an answer as long as anybody hears from the replica: it is not dead, but busy with others or with a history
    /// that is long.
    async fn unless_silent<T>(&self, pulse: &Pulse, answer: impl Future<Output = T>) -> Option<T> {
        let mut answer = pin!(answer);
        loop {
            let heard = pulse.heard();
            match timeout(self.patience, &mut answer).await {
                Ok(answer) => return Some(answer),
                Err(_elapsed) if pulse.heard() == heard => return None,
                Err(_elapsed) => {}
            }
        }
    }
}

#[async_trait]
impl HistoryRepository for Replicated {
    async fn find(&self, ticket: TicketId) -> Result<Option<Arc<TicketHistory>>, RepositoryError> {
        self.ask(
            |histories| async move { histories.find(ticket).await },
            Option::is_some,
        )
        .await
    }

    async fn find_with_rank(
        &self,
        ticket: TicketId,
        student: &StudentId,
    ) -> Result<(Option<Arc<TicketHistory>>, Access), RepositoryError> {
        // A replica may not have heard of a demotion yet.
        self.primary.find_with_rank(ticket, student).await
    }
}

#[cfg(test)]
mod tests;
