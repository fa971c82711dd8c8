//! The Prometheus metrics of reading from databases.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// The histogram buckets of the batch size, in tickets.
const SIZES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// The histogram buckets of the statement duration, in seconds.
const DURATIONS: [f64; 11] = [
    0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.02, 0.1, 0.5, 1.0, 2.0,
];

/// The metrics of reading from databases. Clones update the same metrics.
#[derive(Debug, Clone)]
pub struct DatabaseMetrics {
    up: Family<Node, Gauge>,
    connections: Family<Node, Gauge>,
    sizes: Family<Node, Histogram>,
    durations: Family<Node, Histogram>,
    failures: Family<Node, Counter>,
    lag: Family<Node, Gauge<f64, AtomicU64>>,
    in_use: Family<Node, Gauge>,
    feed_reads: Family<Node, Histogram>,
    feed_wait: Family<Node, Gauge<f64, AtomicU64>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Node {
    database: String,
}

impl Default for DatabaseMetrics {
    fn default() -> Self {
        Self {
            up: Family::default(),
            connections: Family::default(),
            sizes: Family::new_with_constructor(sizes),
            durations: Family::new_with_constructor(durations),
            failures: Family::default(),
            lag: Family::default(),
            in_use: Family::default(),
            feed_reads: Family::new_with_constructor(durations),
            feed_wait: Family::default(),
        }
    }
}

impl DatabaseMetrics {
    /// Registers all metrics of databases.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "wts_database_up",
            "Whether histories can be read from the database",
            self.up.clone(),
        );
        registry.register(
            "wts_database_connections",
            "Open connections to the database",
            self.connections.clone(),
        );
        registry.register(
            "wts_database_batch_tickets",
            "Tickets read by one statement",
            self.sizes.clone(),
        );
        registry.register(
            "wts_database_batch_duration_seconds",
            "Duration of one statement, including connecting if necessary",
            self.durations.clone(),
        );
        registry.register(
            "wts_database_batch_failures",
            "Failed statements",
            self.failures.clone(),
        );
        registry.register(
            "wts_database_replica_lag_seconds",
            "Upper bound of the replica's lag behind the primary",
            self.lag.clone(),
        );
        registry.register(
            "wts_database_replica_in_use",
            "Whether reads are sent to the replica",
            self.in_use.clone(),
        );
        registry.register(
            "wts_database_feed_read_duration_seconds",
            "Duration of one statement of the feed in PostgreSQL, including connecting if necessary",
            self.feed_reads.clone(),
        );
        registry.register(
            "wts_database_feed_wait_seconds",
            "Time for which committed traces have been held back from the feed by a transaction that is still open",
            self.feed_wait.clone(),
        );
    }

    /// The metrics of one database.
    pub(crate) fn of(&self, database: &str) -> NodeMetrics {
        let node = Node {
            database: database.to_owned(),
        };
        // Creates the metrics now, so that they are exported before the first read.
        drop(self.connections.get_or_create(&node));
        drop(self.sizes.get_or_create(&node));
        drop(self.durations.get_or_create(&node));
        drop(self.failures.get_or_create(&node));
        NodeMetrics {
            all: self.clone(),
            node,
        }
    }
}

/// The metrics of one database.
#[derive(Debug, Clone)]
pub(crate) struct NodeMetrics {
    all: DatabaseMetrics,
    node: Node,
}

impl NodeMetrics {
    pub(crate) fn set_up(&self, up: bool) {
        self.all.up.get_or_create(&self.node).set(up.into());
    }

    pub(crate) fn record_batch(&self, tickets: usize, duration: Duration, failed: bool) {
        let tickets = u32::try_from(tickets).unwrap_or(u32::MAX);
        let (all, node) = (&self.all, &self.node);
        all.sizes.get_or_create(node).observe(tickets.into());
        let durations = all.durations.get_or_create(node);
        durations.observe(duration.as_secs_f64());
        if failed {
            all.failures.get_or_create(node).inc();
        }
    }

    /// Records a statement of the feed.
    pub(crate) fn record_feed_read(&self, duration: Duration) {
        let reads = self.all.feed_reads.get_or_create(&self.node);
        reads.observe(duration.as_secs_f64());
    }

    /// Sets the time for which the feed has been waiting for an open transaction.
    pub(crate) fn set_feed_wait(&self, wait: Duration) {
        let gauge = self.all.feed_wait.get_or_create(&self.node);
        gauge.set(wait.as_secs_f64());
    }

    /// Counts a connection as open until the returned guard is dropped.
    pub(crate) fn connection(&self) -> OpenConnection {
        let connections = self.all.connections.get_or_create_owned(&self.node);
        connections.inc();
        OpenConnection(connections)
    }

    /// Sets the lag of a replica in seconds, and whether reads are sent to the replica.
    pub(crate) fn set_replica(&self, lag: f64, in_use: bool) {
        self.all.lag.get_or_create(&self.node).set(lag);
        self.all.in_use.get_or_create(&self.node).set(in_use.into());
    }
}

/// A guard that counts a connection as open until it is dropped.
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn sizes() -> Histogram {
    Histogram::new(SIZES)
}

fn durations() -> Histogram {
    Histogram::new(DURATIONS)
}
