//! How many connections there may be.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::metrics::HttpMetrics;

/// How many connections there are.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    taken: Arc<AtomicUsize>,
    most: usize,
    metrics: HttpMetrics,
}

impl Places {
    pub(crate) fn new(most: usize, metrics: HttpMetrics) -> Self {
        Self {
            taken: Arc::default(),
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
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.fetch_sub(1, Relaxed);
        self.places.metrics.connections.dec();
    }
}

/// Whether a connection is one too many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) too_many: bool,
}
