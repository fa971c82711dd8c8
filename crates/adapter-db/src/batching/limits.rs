//! The limits of a batch queue.

use std::time::Duration;

use crate::settings::ReadSettings;

/// The maximum number of traces of long histories that are in memory when the next long history is read. A trace takes
/// about 300 bytes.
const MAX_LIVE_TRACES: usize = 150_000;

/// The limits of a batch queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueLimits {
    /// The maximum number of tickets in a batch.
    pub(crate) batch: usize,
    /// The maximum number of waiting queries.
    pub(crate) queue: usize,
    /// The longest time for which a query may wait before its batch is sent.
    pub(crate) queue_timeout: Duration,
    /// The threshold that decides the error of a query that times out in the queue. If the batch in flight has taken
    /// longer than the threshold, or the previous batch failed more recently, the error is
    /// [`Failed`](super::LookupError::Failed); otherwise [`Busy`](super::LookupError::Busy).
    pub(crate) failure_threshold: Duration,
    /// The maximum number of traces that callers, for example slow clients, still hold when the next batch is read;
    /// `None` for no maximum.
    pub(crate) max_live_traces: Option<usize>,
}

impl QueueLimits {
    /// Returns the limits of a queue whose shared batches contain at most `batch` tickets.
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

    /// Returns the limits of the queue for long histories, which are read one at a time.
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
