//! How many connections there may be.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tokio::time::Instant;

use crate::metrics::HttpMetrics;

/// How many connections there are.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    taken: Arc<AtomicUsize>,
    with_unsent: Arc<AtomicUsize>,
    most: usize,
    metrics: HttpMetrics,
}

impl Places {
    pub(crate) fn new(most: usize, metrics: HttpMetrics) -> Self {
        Self {
            taken: Arc::default(),
            with_unsent: Arc::default(),
            most,
            metrics,
        }
    }

    /// A place for one more connection, be it one too many.
    pub(crate) fn take(&self) -> Place {
        self.metrics.connections.inc();
        Place {
            too_many: self.taken.fetch_add(1, Relaxed) >= self.most,
            places: self.clone(),
        }
    }

    /// How many connections have something to send that their client does not take yet.
    pub(crate) fn with_unsent(&self) -> usize {
        self.with_unsent.load(Relaxed)
    }
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    too_many: bool,
}

impl Place {
    /// Where what becomes of connections is counted.
    pub(super) fn metrics(&self) -> &HttpMetrics {
        &self.places.metrics
    }

    /// What requests know of the place of their connection.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            too_many: self.too_many,
        }
    }

    /// Takes note that there is something to send here.
    pub(super) fn unsent(&self) -> Unsent {
        self.places.with_unsent.fetch_add(1, Relaxed);
        Unsent {
            since: Instant::now(),
            connections: Arc::clone(&self.places.with_unsent),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.fetch_sub(1, Relaxed);
        self.places.metrics.connections.dec();
    }
}

/// That a connection has something to send, until it is dropped.
pub(super) struct Unsent {
    since: Instant,
    connections: Arc<AtomicUsize>,
}

impl Unsent {
    /// Since when.
    pub(super) fn since(&self) -> Instant {
        self.since
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Relaxed);
    }
}

/// Whether a connection is one too many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) too_many: bool,
}
