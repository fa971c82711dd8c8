//! JWKS refresh and key rotation: the keys in use, and the sources that they are read from.
//!
//! Libraries for key sets do not have all that is needed here: requests read the keys without a lock, unknown `kid`s cannot
//! overload the key server, a file of secrets is read again like a URL, and keys from a URL cannot displace configured keys.

mod source;

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use arc_swap::{ArcSwap, Guard};
use tokio::{
    sync::{Mutex, Semaphore},
    time::{sleep, timeout},
};

pub use self::source::{InvalidKeySetUrl, KeySetUrl, KeySource, KeySourceError};
use super::key::{InvalidKey, Key, Keys, MAX_KEYS};

/// The longest wait of a request for an unknown key. A key server usually responds in a tenth of it, and a later response
/// serves the next request.
const KEY_WAIT_TIMEOUT: Duration = Duration::from_millis(500);
/// The largest number of requests that wait for a key. A `kid` can be invented without a key.
const MAX_WAITING_REQUESTS: usize = 64;

/// The set of verification keys in memory. Cheap to clone; every clone has the same keys.
#[derive(Clone)]
pub struct Keyring(Arc<Ring>);

struct Ring {
    keys: ArcSwap<Keys>,
    /// `None` if the keys never change.
    refreshing: Option<Refreshing>,
}

struct Refreshing {
    fixed: Vec<Key>,
    policy: RefreshPolicy,
    sources: Mutex<Sources>,
    waiting: Arc<Semaphore>,
}

struct Sources {
    /// Files before URLs; with the keys that each had when it was last read.
    list: Vec<(KeySource, Vec<Key>)>,
    /// When they were last read for an unknown `kid`.
    last_request: Option<Instant>,
}

/// How often sources are read.
#[derive(Debug, Clone, Copy)]
pub struct RefreshPolicy {
    /// The time between two reads that no request asks for. A withdrawn key is accepted for this long at most.
    pub interval: Duration,
    /// The shortest time between two reads for unknown `kid`s.
    pub min_interval: Duration,
}

impl Keyring {
    /// Creates a ring of keys that never change.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if there are none or too many.
    pub fn fixed(keys: Vec<Key>) -> Result<Self, InvalidKey> {
        Ok(Self(Arc::new(Ring {
            keys: ArcSwap::from_pointee(Keys::new(keys)?),
            refreshing: None,
        })))
    }

    /// Creates a ring of `fixed` keys and of those in `sources`, which are read now and then again by `policy`, until the
    /// ring is dropped. A source that cannot be read again keeps the keys that it had.
    ///
    /// # Errors
    ///
    /// [`KeySourceError`] if a source cannot be read now, or there are too many keys in all.
    pub async fn refreshing(
        fixed: Vec<Key>,
        mut sources: Vec<KeySource>,
        policy: RefreshPolicy,
    ) -> Result<Self, KeySourceError> {
        sources.sort_by_key(|source| matches!(source, KeySource::Url(_)));
        let mut sources = Sources {
            list: sources.into_iter().map(|source| (source, vec![])).collect(),
            last_request: None,
        };
        if let Some(failure) = sources.read().await.pop() {
            return Err(failure);
        }
        let keys = sources.keys(&fixed).map_err(KeySourceError::Together)?;
        let ring = Arc::new(Ring {
            keys: ArcSwap::from_pointee(keys),
            refreshing: Some(Refreshing {
                fixed,
                policy,
                sources: Mutex::new(sources),
                waiting: Arc::new(Semaphore::new(MAX_WAITING_REQUESTS)),
            }),
        });
        tokio::spawn(refresh_loop(Arc::downgrade(&ring), policy.interval));
        Ok(Self(ring))
    }

    /// Returns the keys that are in use now.
    pub(super) fn current(&self) -> Guard<Arc<Keys>> {
        self.0.keys.load()
    }

    /// Returns each `kid` that several keys of one algorithm have.
    pub fn duplicate_kids(&self) -> Vec<String> {
        let keys = self.current();
        keys.duplicate_kids()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// Whether there are sources to read again.
    pub(super) fn can_refresh(&self) -> bool {
        self.0.refreshing.is_some()
    }

    /// Reads the sources again for an unknown `kid`, unless that was done just now. Returns whether they have been read since
    /// the call, as far as that is known within [`KEY_WAIT_TIMEOUT`].
    pub(super) async fn refresh(&self) -> bool {
        let ring = Arc::clone(&self.0);
        let Some(refreshing) = &ring.refreshing else {
            return false;
        };
        let Ok(permit) = Arc::clone(&refreshing.waiting).try_acquire_owned() else {
            return false;
        };
        // In a task of its own: if this request ends, the others that wait still get the keys.
        let refresh = tokio::spawn(async move {
            let _permit = permit;
            ring.refresh_if_due().await
        });
        matches!(timeout(KEY_WAIT_TIMEOUT, refresh).await, Ok(Ok(true)))
    }
}

impl Ring {
    async fn refresh_if_due(&self) -> bool {
        let Some(refreshing) = &self.refreshing else {
            return false;
        };
        let before = self.keys.load_full();
        let mut sources = refreshing.sources.lock().await;
        if !Arc::ptr_eq(&before, &self.keys.load()) {
            return true; // read while this request waited for the lock
        }
        let is_due = sources
            .last_request
            .is_none_or(|last| last.elapsed() >= refreshing.policy.min_interval);
        if is_due {
            sources.last_request = Some(Instant::now());
            self.read(&refreshing.fixed, &mut sources).await;
        }
        is_due
    }

    async fn read(&self, fixed: &[Key], sources: &mut Sources) {
        for failure in sources.read().await {
            tracing::warn!(
                cause = %failure,
                "a key set could not be read again, its keys stay as they were"
            );
        }
        match sources.keys(fixed) {
            Ok(keys) => self.keys.store(Arc::new(keys)),
            Err(error) => tracing::warn!(
                cause = %error,
                "the reloaded keys cannot be used together; the previous keys remain in use"
            ),
        }
    }
}

/// Reads the sources at every interval, until the ring is dropped.
async fn refresh_loop(ring: Weak<Ring>, interval: Duration) {
    loop {
        sleep(interval).await;
        let Some(ring) = ring.upgrade() else {
            return;
        };
        if let Some(refreshing) = &ring.refreshing {
            let mut sources = refreshing.sources.lock().await;
            ring.read(&refreshing.fixed, &mut sources).await;
        }
    }
}

impl Sources {
    /// Reads every source. Those that fail keep the keys that they had.
    async fn read(&mut self) -> Vec<KeySourceError> {
        let mut failures = Vec::new();
        for (source, keys) in &mut self.list {
            match source.read().await {
                Ok(read) => *keys = read,
                Err(failure) => failures.push(failure),
            }
        }
        failures
    }

    /// Returns `fixed` keys and those of files, and of the keys from URLs as many as there is room for.
    fn keys(&self, fixed: &[Key]) -> Result<Keys, InvalidKey> {
        let mut all = fixed.to_vec();
        for (source, keys) in &self.list {
            let room = match source {
                KeySource::File(_) => keys.len(),
                KeySource::Url(_) => MAX_KEYS.saturating_sub(all.len()).min(keys.len()),
            };
            let left_out = keys.len() - room;
            if left_out > 0 {
                tracing::warn!(
                    left_out,
                    "too many keys: only the first {MAX_KEYS} are used"
                );
            }
            all.extend(keys.iter().take(room).cloned());
        }
        let keys = Keys::new(all)?;
        for kid in keys.duplicate_kids() {
            tracing::warn!(kid, "several keys of one type have the same kid");
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests;
