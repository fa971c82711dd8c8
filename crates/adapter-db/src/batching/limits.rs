//! The limits of a queue, of shared batches or of long histories.

use std::time::Duration;

use crate::settings::ReadSettings;

/// How many traces of long histories may be in use when the next is read. They take some 300 bytes each.
const MAX_LIVE_TRACES: usize = 150_000;

/// The limits of a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueLimits {
    /// How many tickets one batch may contain.
    pub(crate) batch: usize,
    /// How many queries may wait.
    pub(crate) queue: usize,
    /// How long a query may wait before its batch is sent.
    pub(crate) queue_timeout: Duration,
    /// A batch that takes longer than this, or failed less than this ago, makes queries that time out fail: the database
    /// has failed them, and is not merely busy.
    pub(crate) failure_threshold: Duration,
    /// How many traces of histories may still be in use when the next is read, for example by slow clients; `None` for any
    /// number.
    pub(crate) max_live_traces: Option<usize>,
}

impl QueueLimits {
    /// The limits of a queue of shared batches, of at most `batch` tickets each.
    pub(crate) fn shared(
        settings: &ReadSettings,
        batch: usize,
        failure_threshold: Duration,
    ) -> Self {
        Self {
            batch,
            queue: settings.queue.get(),
            queue_timeout: settings.queue_timeout,
            failure_threshold,
            max_live_traces: None,
        }
    }

    /// The limits of the queue for long histories, which wait for each other.
    pub(crate) fn long(settings: &ReadSettings) -> Self {
        Self {
            batch: 1,
            queue: settings.queue.get(),
            queue_timeout: settings.queue_timeout.saturating_mul(4),
            failure_threshold: settings.long_statement_timeout,
            max_live_traces: Some(MAX_LIVE_TRACES),
        }
    }
}
