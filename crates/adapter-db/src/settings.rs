//! The settings of reading.

use std::{num::NonZeroUsize, time::Duration};

use crate::url::DatabaseUrl;

/// How to read a database, and how long each step may take.
#[derive(Debug, Clone)]
pub struct ReadSettings {
    /// How many connections a database is read over, and one more each for long histories and for health checks; `None`
    /// for one per core, up to eight. The cost of a read for PostgreSQL grows with their number.
    pub connections: Option<NonZeroUsize>,
    /// How long one host may take to accept a connection and to authenticate us, unless the URL says otherwise.
    pub connect_timeout: Duration,
    /// How long PostgreSQL may work on a statement, or wait for a lock, before it ends that by itself. From a millisecond
    /// to [`i32::MAX`] of them.
    pub statement_timeout: Duration,
    /// How long PostgreSQL may work on a history that is too long for a shared batch.
    pub long_statement_timeout: Duration,
    /// How long the database may be silent while a result is awaited. Longer than it may work.
    pub answer_timeout: Duration,
    /// How long a read may wait before it is sent; four times as long for a history that is known to be long.
    pub queue_timeout: Duration,
    /// How many reads may wait for each connection.
    pub queue: NonZeroUsize,
    /// Whether ranks are read too, and included in health checks.
    pub ranks: bool,
    /// How often the health of the database and the lag of replicas are checked.
    pub probe_interval: Duration,
    /// Streaming replicas to read from, as long as they keep up.
    pub replicas: Vec<DatabaseUrl>,
    /// How far behind the primary a replica may be to be read from.
    pub replica_max_lag: Duration,
    /// How long a replica may send nothing at all before a read that waits for it is sent to the primary.
    pub replica_timeout: Duration,
}

impl Default for ReadSettings {
    fn default() -> Self {
        const QUEUE: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();
        Self {
            connections: None,
            connect_timeout: Duration::from_secs(1),
            statement_timeout: Duration::from_millis(1_500),
            long_statement_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(2),
            queue_timeout: Duration::from_millis(500),
            queue: QUEUE,
            ranks: false,
            probe_interval: Duration::from_secs(1),
            replicas: Vec::new(),
            replica_max_lag: Duration::from_secs(2),
            replica_timeout: Duration::from_millis(300),
        }
    }
}

impl ReadSettings {
    /// How many connections read shared batches.
    pub(crate) fn connections(&self) -> usize {
        const MAX_DEFAULT: usize = 8;
        // One for each thread that is likely to serve requests.
        self.connections.map_or_else(
            || {
                std::thread::available_parallelism()
                    .map_or(1, usize::from)
                    .min(MAX_DEFAULT)
            },
            usize::from,
        )
    }
}
