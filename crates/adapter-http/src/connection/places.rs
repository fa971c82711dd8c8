//! How many connections there may be, and who has to go for another to come.
//!
//! Whoever opens many and asks nothing keeps nobody out: the one that has been idle for longest ends when its place is
//! needed, and of all places one address has no more than half.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicU64, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::Context,
};

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use crate::{
    gate::TrustedProxies, metrics::HttpMetrics, rate_limit::network, settings::HttpSettings,
};

/// The places of all connections. Copies are of the same places.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    /// How many of them one address may have. Many clients may be behind one, but seldom all.
    share: usize,
    /// Behind whom all clients are.
    proxies: TrustedProxies,
    opened: Instant,
    taken: Mutex<Taken>,
    with_unsent: AtomicUsize,
    metrics: HttpMetrics,
}

#[derive(Debug, Default)]
struct Taken {
    seats: HashMap<u64, Arc<Seat>>,
    by_address: HashMap<IpAddr, usize>,
    next: u64,
}

/// A place that is taken.
#[derive(Debug)]
struct Seat {
    number: u64,
    /// None, where it does not matter.
    address: Option<IpAddr>,
    /// How many microseconds after the first there could be connections, and 0 while it is in use.
    idle_since: AtomicU64,
    /// Its connection has to end.
    is_over: AtomicBool,
    waker: AtomicWaker,
}

impl Places {
    pub(crate) fn new(settings: &HttpSettings, metrics: HttpMetrics) -> Self {
        let most = settings.max_connections.get();
        Self(Arc::new(Shared {
            most,
            share: most.div_ceil(2),
            proxies: settings.trusted_proxies.clone(),
            opened: Instant::now(),
            taken: Mutex::default(),
            with_unsent: AtomicUsize::new(0),
            metrics,
        }))
    }

    /// A place for a connection from this address, if there is one or one can be had.
    pub(crate) fn take(&self, peer: Option<IpAddr>) -> Place {
        let Shared { most, share, .. } = *self.0;
        let address = peer.filter(|peer| !self.0.proxies.have(*peer)).map(network);
        let mut taken = self.taken();
        let has_its_share =
            address.is_some_and(|address| taken.by_address.get(&address) >= Some(&share));
        let may_come = if has_its_share {
            taken.end_one(|seat| seat.address == address)
        } else {
            taken.seats.len() < most || taken.end_one(|_| true)
        };
        self.0.metrics.connections.inc();
        Place {
            seat: may_come.then(|| taken.seat(address)),
            is_idle: false,
            places: self.clone(),
        }
    }

    /// How many connections have something to send that their client does not take yet.
    pub(crate) fn with_unsent(&self) -> usize {
        self.0.with_unsent.load(Relaxed)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn seat(&mut self, address: Option<IpAddr>) -> Arc<Seat> {
        let seat = Arc::new(Seat {
            number: self.next,
            address,
            idle_since: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        });
        self.next += 1;
        self.seats.insert(seat.number, Arc::clone(&seat));
        if let Some(address) = address {
            *self.by_address.entry(address).or_default() += 1;
        }
        seat
    }

    /// Ends the connection that has been idle for longest of those that may be ended, if one is idle.
    fn end_one(&mut self, may_end: impl Fn(&Seat) -> bool) -> bool {
        let idle = self.seats.values().filter(|seat| may_end(seat));
        let idle = idle.filter_map(|seat| match seat.idle_since.load(SeqCst) {
            0 => None,
            since => Some((since, seat)),
        });
        let Some(longest) = idle
            .min_by_key(|(since, _)| *since)
            .map(|(_, seat)| Arc::clone(seat))
        else {
            return false;
        };
        self.leave(&longest);
        longest.is_over.store(true, SeqCst);
        longest.waker.wake();
        true
    }

    fn leave(&mut self, seat: &Seat) {
        if self.seats.remove(&seat.number).is_none() {
            return; // it had to end
        }
        if let Some(Entry::Occupied(mut many)) =
            seat.address.map(|address| self.by_address.entry(address))
        {
            *many.get_mut() -= 1;
            if *many.get() == 0 {
                many.remove();
            }
        }
    }
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    /// None for a connection that is one too many.
    seat: Option<Arc<Seat>>,
    is_idle: bool,
    places: Places,
}

impl Place {
    /// Where what becomes of connections is counted.
    pub(super) fn metrics(&self) -> &HttpMetrics {
        &self.places.0.metrics
    }

    /// Whether there was none.
    pub(super) fn is_missing(&self) -> bool {
        self.seat.is_none()
    }

    /// Whether others need it more.
    pub(super) fn is_over(&self) -> bool {
        self.is_idle
            && self
                .seat
                .as_ref()
                .is_some_and(|seat| seat.is_over.load(SeqCst))
    }

    /// Takes note that there is something to send here.
    pub(super) fn unsent(&self) -> Unsent {
        self.places.0.with_unsent.fetch_add(1, Relaxed);
        Unsent {
            since: Instant::now(),
            places: self.places.clone(),
        }
    }

    /// Has whoever waits woken when it is over.
    pub(super) fn wake(&self, context: &Context<'_>) {
        if let Some(seat) = &self.seat {
            seat.waker.register(context.waker());
        }
    }

    /// Takes note of whether nothing is going on.
    pub(super) fn set_idle(&mut self, is_idle: bool) {
        if let Some(seat) = &self.seat
            && is_idle != self.is_idle
        {
            self.is_idle = is_idle;
            let since = if is_idle {
                let after = self.places.0.opened.elapsed().as_micros();
                u64::try_from(after).unwrap_or(u64::MAX).max(1)
            } else {
                0
            };
            seat.idle_since.store(since, SeqCst);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(seat) = &self.seat {
            self.places.taken().leave(seat);
        }
        self.places.0.metrics.connections.dec();
    }
}

/// That a connection has something to send, until it is dropped.
pub(super) struct Unsent {
    since: Instant,
    places: Places,
}

impl Unsent {
    /// Since when.
    pub(super) fn since(&self) -> Instant {
        self.since
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.places.0.with_unsent.fetch_sub(1, Relaxed);
    }
}
