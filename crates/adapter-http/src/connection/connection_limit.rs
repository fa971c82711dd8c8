//! The connection limit, and the eviction of idle connections when the limit is reached.
//!
//! A client that opens many idle connections cannot lock out other clients: a new connection evicts the longest idle
//! connection, and one address can have at most half of all connections.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::Context,
};

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use crate::{
    client_address::ip_prefix,
    metrics::HttpMetrics,
    settings::{HttpSettings, TrustedProxies},
};

/// Limits the number of connections: each connection needs a slot. Clones share the slots.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionLimiter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max: usize,
    /// The maximum number of connections of one address. Clients can share an address, but it is unlikely that most
    /// clients do.
    max_per_address: usize,
    /// The trusted proxies. They are exempt from `max_per_address`, because all clients may connect through them.
    proxies: TrustedProxies,
    started: Instant,
    table: Mutex<ConnectionTable>,
    metrics: HttpMetrics,
}

#[derive(Debug, Default)]
struct ConnectionTable {
    entries: HashMap<u64, Arc<ConnectionEntry>>,
    by_address: HashMap<IpAddr, usize>,
    next: u64,
}

/// The entry of a connection that has a slot.
#[derive(Debug)]
struct ConnectionEntry {
    number: u64,
    /// The address of the client, `None` if the connection is exempt from the limit per address.
    address: Option<IpAddr>,
    /// The start of the idle time, in microseconds since the limiter was created; 0 while the connection is in use.
    idle_since: AtomicU64,
    is_evicted: AtomicBool,
    waker: AtomicWaker,
}

impl ConnectionLimiter {
    pub(crate) fn new(settings: &HttpSettings, metrics: HttpMetrics) -> Self {
        let max = settings.max_connections.get();
        Self(Arc::new(Shared {
            max,
            max_per_address: max.div_ceil(2),
            proxies: settings.trusted_proxies.clone(),
            started: Instant::now(),
            table: Mutex::default(),
            metrics,
        }))
    }

    /// Returns a slot for a connection from `peer`. If no slot is free, the longest idle connection is evicted. If no
    /// connection is idle, the returned slot is [rejected](ConnectionSlot::is_rejected).
    pub(crate) fn acquire(&self, peer: Option<IpAddr>) -> ConnectionSlot {
        let address = peer
            .filter(|peer| !self.0.proxies.contains(*peer))
            .map(ip_prefix);
        let mut table = self.table();
        let is_at_address_limit = address
            .is_some_and(|address| table.by_address.get(&address) >= Some(&self.0.max_per_address));
        let is_accepted = if is_at_address_limit {
            table.evict_longest_idle(|entry| entry.address == address)
        } else {
            table.entries.len() < self.0.max || table.evict_longest_idle(|_| true)
        };
        self.0.metrics.connections.inc();
        ConnectionSlot {
            entry: is_accepted.then(|| table.insert(address)),
            is_idle: false,
            has_pending_write: false,
            limiter: self.clone(),
        }
    }

    fn table(&self) -> MutexGuard<'_, ConnectionTable> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionTable {
    fn insert(&mut self, address: Option<IpAddr>) -> Arc<ConnectionEntry> {
        let entry = Arc::new(ConnectionEntry {
            number: self.next,
            address,
            idle_since: AtomicU64::new(0),
            is_evicted: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        });
        self.next += 1;
        self.entries.insert(entry.number, Arc::clone(&entry));
        if let Some(address) = address {
            *self.by_address.entry(address).or_default() += 1;
        }
        entry
    }

    /// Evicts the longest idle connection among those that match. Returns whether there was one.
    fn evict_longest_idle(&mut self, matches: impl Fn(&ConnectionEntry) -> bool) -> bool {
        let longest = self
            .entries
            .values()
            .filter(|entry| matches(entry))
            .map(|entry| (entry.idle_since.load(SeqCst), entry))
            .filter(|(since, _)| *since > 0)
            .min_by_key(|(since, _)| *since)
            .map(|(_, entry)| Arc::clone(entry));
        let Some(longest) = longest else {
            return false;
        };
        self.remove(&longest);
        longest.is_evicted.store(true, SeqCst);
        longest.waker.wake();
        true
    }

    fn remove(&mut self, entry: &ConnectionEntry) {
        if self.entries.remove(&entry.number).is_none() {
            return; // already evicted
        }
        if let Some(Entry::Occupied(mut count)) =
            entry.address.map(|address| self.by_address.entry(address))
        {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// The slot of a connection. Dropping it makes the slot available again.
#[derive(Debug)]
pub(crate) struct ConnectionSlot {
    /// The entry of the connection, `None` if the connection is over the limit.
    entry: Option<Arc<ConnectionEntry>>,
    is_idle: bool,
    has_pending_write: bool,
    limiter: ConnectionLimiter,
}

impl ConnectionSlot {
    /// Returns the metrics in which this connection and its requests are counted.
    pub(super) fn metrics(&self) -> &HttpMetrics {
        &self.limiter.0.metrics
    }

    /// Returns whether the connection is over the limit.
    pub(super) fn is_rejected(&self) -> bool {
        self.entry.is_none()
    }

    /// Returns whether the connection was evicted to make its slot available to another connection.
    pub(super) fn is_evicted(&self) -> bool {
        let evicted = |entry: &Arc<ConnectionEntry>| entry.is_evicted.load(SeqCst);
        self.is_idle && self.entry.as_ref().is_some_and(evicted)
    }

    /// Records whether the socket rejects further bytes of a response, because the client does not read.
    pub(super) fn set_pending_write(&mut self, is_pending: bool) {
        if is_pending != self.has_pending_write {
            self.has_pending_write = is_pending;
            let pending_writes = &self.metrics().pending_writes;
            if is_pending {
                pending_writes.inc();
            } else {
                pending_writes.dec();
            }
        }
    }

    /// Registers the task to wake when the connection is evicted.
    pub(super) fn register_waker(&self, context: &Context<'_>) {
        if let Some(entry) = &self.entry {
            entry.waker.register(context.waker());
        }
    }

    /// Records whether the connection is idle.
    pub(super) fn set_idle(&mut self, is_idle: bool) {
        if let Some(entry) = &self.entry
            && is_idle != self.is_idle
        {
            self.is_idle = is_idle;
            let since = if is_idle {
                let elapsed = self.limiter.0.started.elapsed().as_micros();
                u64::try_from(elapsed).unwrap_or(u64::MAX).max(1)
            } else {
                0
            };
            entry.idle_since.store(since, SeqCst);
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.set_pending_write(false);
        if let Some(entry) = &self.entry {
            self.limiter.table().remove(entry);
        }
        self.limiter.0.metrics.connections.dec();
    }
}
