//! The settings for reading from a database.

use std::{num::NonZeroUsize, time::Duration};

use crate::url::DatabaseUrl;

/// Settings for reading from a database: connections, timeouts, queues and replicas.
#[derive(Debug, Clone)]
pub struct ReadSettings {
    /// The number of connections that read shared batches; `None` for one per CPU core, at most eight. One more
    /// connection reads long histories, and another one runs health checks. Every additional connection makes each read
    /// more expensive for PostgreSQL, because fewer reads share a batch.
    pub connections: Option<NonZeroUsize>,
    /// The timeout for connecting to one host and authenticating. A `connect_timeout` in the URL takes precedence.
    pub connect_timeout: Duration,
    /// The `statement_timeout` and `lock_timeout` of PostgreSQL for reading a shared batch: from 1 millisecond to
    /// [`i32::MAX`] milliseconds.
    pub statement_timeout: Duration,
    /// The `statement_timeout` of PostgreSQL for reading a history that is too long for a shared batch.
    pub long_statement_timeout: Duration,
    /// The longest time for which the database may send no data while a result is awaited. Must be longer than `statement_timeout`.
    pub answer_timeout: Duration,
    /// The longest time for which a read may wait in a queue. A read of a long history may wait four times as long.
    pub queue_timeout: Duration,
    /// The maximum number of reads that may wait in the queue of each connection.
    pub queue: NonZeroUsize,
    /// Whether the ranks of users are read from the database too. If so, health checks also read a rank.
    pub ranks: bool,
    /// The interval between checks of the health of the database and of the lag of its replicas.
    pub probe_interval: Duration,
    /// The URLs of streaming replicas. A replica is read from while its lag is below `replica_max_lag`.
    pub replicas: Vec<DatabaseUrl>,
    /// The maximum lag of a replica behind the primary; a replica with a longer lag is not read from.
    pub replica_max_lag: Duration,
    /// The longest time for which a replica may send no data before its reads are sent to the primary instead.
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
    /// Returns the number of connections that read shared batches.
    pub(crate) fn connections(&self) -> usize {
        const MAX_DEFAULT: usize = 8;
        // By default, one connection for each thread that probably serves requests.
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
