//! What is counted and measured of reading.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// In tickets.
const SIZES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// In seconds.
const DURATIONS: [f64; 11] = [
    0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.02, 0.1, 0.5, 1.0, 2.0,
];

/// Counts and measures reads. Copies count into the same numbers.
#[derive(Debug, Clone)]
pub struct DatabaseMetrics {
    up: Family<Node, Gauge>,
    connections: Family<Node, Gauge>,
    sizes: Family<Node, Histogram>,
    durations: Family<Node, Histogram>,
    failures: Family<Node, Counter>,
    lag: Family<Node, Gauge<f64, AtomicU64>>,
    in_use: Family<Node, Gauge>,
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
        }
    }
}

impl DatabaseMetrics {
    /// Has them told with everything else in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "wts_database_up",
            "Whether histories can be read from the database",
            self.up.clone(),
        );
        registry.register(
            "wts_database_connections",
            "Connections to the database that are open",
            self.connections.clone(),
        );
        registry.register(
            "wts_database_batch_tickets",
            "Tickets that one statement read",
            self.sizes.clone(),
        );
        registry.register(
            "wts_database_batch_duration_seconds",
            "Time that one statement took, and connecting where that was needed",
            self.durations.clone(),
        );
        registry.register(
            "wts_database_batch_failures",
            "Statements that failed",
            self.failures.clone(),
        );
        registry.register(
            "wts_database_replica_lag_seconds",
            "How far the replica is behind the primary, at most",
            self.lag.clone(),
        );
        registry.register(
            "wts_database_replica_in_use",
            "Whether the replica keeps up and is read from",
            self.in_use.clone(),
        );
    }

    /// What concerns one database.
    pub(crate) fn of(&self, database: &str) -> NodeMetrics {
        let node = Node {
            database: database.to_owned(),
        };
        NodeMetrics {
            up: self.up.get_or_create_owned(&node),
            connections: self.connections.get_or_create_owned(&node),
            sizes: self.sizes.get_or_create_owned(&node),
            durations: self.durations.get_or_create_owned(&node),
            failures: self.failures.get_or_create_owned(&node),
        }
    }

    /// What concerns one replica besides: its lag in seconds, and whether it is read from.
    pub(crate) fn of_replica(&self, database: &str) -> (Gauge<f64, AtomicU64>, Gauge) {
        let node = Node {
            database: database.to_owned(),
        };
        (
            self.lag.get_or_create_owned(&node),
            self.in_use.get_or_create_owned(&node),
        )
    }
}

/// The metrics of one database.
#[derive(Debug, Clone)]
pub(crate) struct NodeMetrics {
    up: Gauge,
    connections: Gauge,
    sizes: Histogram,
    durations: Histogram,
    failures: Counter,
}

impl NodeMetrics {
    pub(crate) fn set_up(&self, up: bool) {
        self.up.set(up.into());
    }

    pub(crate) fn record_batch(&self, tickets: usize, duration: Duration, failed: bool) {
        let tickets = u32::try_from(tickets).unwrap_or(u32::MAX);
        self.sizes.observe(tickets.into());
        self.durations.observe(duration.as_secs_f64());
        if failed {
            self.failures.inc();
        }
    }

    /// Counts a connection until what is returned is dropped.
    pub(crate) fn connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }
}

/// A connection that counts as open.
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
