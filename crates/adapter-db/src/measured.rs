//! A loader whose batches are measured.

use std::time::Instant;

use crate::{
    coalesced::{Asked, Loader, Read},
    error::Cause,
    metrics::NodeMetrics,
};

pub(crate) struct Measured<L> {
    loader: L,
    metrics: NodeMetrics,
}

impl<L> Measured<L> {
    pub(crate) fn new(loader: L, metrics: NodeMetrics) -> Self {
        Self { loader, metrics }
    }
}

impl<L: Loader> Loader for Measured<L> {
    async fn load(&self, asked: &Asked) -> Result<Read, Cause> {
        let begun = Instant::now();
        let outcome = self.loader.load(asked).await;
        self.metrics
            .batch(asked.tickets.len(), begun.elapsed(), outcome.is_err());
        outcome
    }
}
