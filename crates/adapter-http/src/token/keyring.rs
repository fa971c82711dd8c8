//! JWKS refresh and key rotation: the keys that are in use, and the sources from which they are read.
//!
//! Existing crates for key sets do not have all of these properties: requests read the keys without a lock, tokens with
//! unknown `kid`s cannot overload the key server, files are read again like URLs, and configured keys take precedence
//! over keys from a URL.

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

/// The longest time for which a request waits for an unknown key. A key server usually responds in a tenth of this
/// time. If it responds later, the key is available to later requests.
const KEY_WAIT_TIMEOUT: Duration = Duration::from_millis(500);
/// The maximum number of requests that wait for a key. The limit is needed because clients can send tokens with
/// invented `kid`s.
const MAX_WAITING_REQUESTS: usize = 64;

/// The set of verification keys in memory. Cloning it is cheap, and all clones share the keys.
#[derive(Clone)]
pub struct Keyring(Arc<Ring>);

struct Ring {
    keys: ArcSwap<Keys>,
    /// The sources that are read regularly; `None` if the keys never change.
    refreshing: Option<Refreshing>,
}

struct Refreshing {
    policy: RefreshPolicy,
    sources: Mutex<Sources>,
    waiting: Arc<Semaphore>,
}

struct Sources {
    /// The configured keys. They are not read from a source.
    fixed: Vec<Key>,
    /// The sources, files before URLs, each with the keys that were last read from it.
    list: Vec<(KeySource, Vec<Key>)>,
    /// The time of the last read for an unknown `kid`.
    last_request: Option<Instant>,
}

/// The intervals at which key sources are read.
#[derive(Debug, Clone, Copy)]
pub struct RefreshPolicy {
    /// The interval between regular reads. A key that its source no longer contains is accepted for up to this time.
    pub interval: Duration,
    /// The shortest interval between two reads for unknown `kid`s.
    pub min_interval: Duration,
}

impl Keyring {
    /// Creates a keyring whose keys never change.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] if `keys` is empty or has too many keys.
    pub fn fixed(keys: Vec<Key>) -> Result<Self, InvalidKey> {
        Ok(Self(Arc::new(Ring {
            keys: ArcSwap::from_pointee(Keys::new(keys)?),
            refreshing: None,
        })))
    }

    /// Creates a keyring of the keys in `fixed` and in `sources`. The sources are read once, and then again according
    /// to `policy` until the keyring is dropped. If a later read of a source fails, its previous keys remain in use.
    ///
    /// # Errors
    ///
    /// Returns [`KeySourceError`] if the first read of a source fails, or if there are too many keys.
    pub async fn refreshing(
        fixed: Vec<Key>,
        mut sources: Vec<KeySource>,
        policy: RefreshPolicy,
    ) -> Result<Self, KeySourceError> {
        sources.sort_by_key(|source| matches!(source, KeySource::Url(_)));
        let mut sources = Sources {
            fixed,
            list: sources.into_iter().map(|source| (source, vec![])).collect(),
            last_request: None,
        };
        if let Some(failure) = sources.read().await.pop() {
            return Err(failure);
        }
        let keys = sources.keys().map_err(KeySourceError::TooMany)?;
        let ring = Arc::new(Ring {
            keys: ArcSwap::from_pointee(keys),
            refreshing: Some(Refreshing {
                policy,
                sources: Mutex::new(sources),
                waiting: Arc::new(Semaphore::new(MAX_WAITING_REQUESTS)),
            }),
        });
        tokio::spawn(refresh_loop(Arc::downgrade(&ring), policy.interval));
        Ok(Self(ring))
    }

    /// Replaces the configured keys and reads the sources again. A source whose read fails keeps its previous keys.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] if the new set of keys is empty or too large. The previous keys then remain in use.
    pub async fn reload(&self, fixed: Vec<Key>) -> Result<(), InvalidKey> {
        let Some(refreshing) = &self.0.refreshing else {
            self.0.keys.store(Arc::new(Keys::new(fixed)?));
            return Ok(());
        };
        let mut sources = refreshing.sources.lock().await;
        let previous = std::mem::replace(&mut sources.fixed, fixed);
        if let Err(error) = sources.keys() {
            sources.fixed = previous;
            return Err(error);
        }
        self.0.read(&mut sources).await;
        Ok(())
    }

    /// Returns the keys that are in use now.
    pub(super) fn current(&self) -> Guard<Arc<Keys>> {
        self.0.keys.load()
    }

    /// Returns each `kid` that several keys for the same algorithm have.
    pub fn duplicate_kids(&self) -> Vec<String> {
        let keys = self.current();
        keys.duplicate_kids()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// Returns whether there are sources that can be read again.
    pub(super) fn can_refresh(&self) -> bool {
        self.0.refreshing.is_some()
    }

    /// Reads the sources again because of an unknown `kid`, unless this was done a short time before. Returns `true` if
    /// they have been read since the call, and `false` if they have not, or not within [`KEY_WAIT_TIMEOUT`].
    pub(super) async fn refresh(&self) -> bool {
        let ring = Arc::clone(&self.0);
        let Some(refreshing) = &ring.refreshing else {
            return false;
        };
        let Ok(permit) = Arc::clone(&refreshing.waiting).try_acquire_owned() else {
            return false;
        };
        // A separate task is used, so that the refresh continues for the other waiting requests if this request ends.
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
            self.read(&mut sources).await;
        }
        is_due
    }

    async fn read(&self, sources: &mut Sources) {
        for failure in sources.read().await {
            tracing::warn!(
                cause = %failure,
                "reading a key set failed; its previous keys remain in use"
            );
        }
        match sources.keys() {
            Ok(keys) => self.keys.store(Arc::new(keys)),
            Err(error) => tracing::warn!(
                cause = %error,
                "rejected the refreshed keys; the previous keys remain in use"
            ),
        }
    }
}

/// Reads the sources at regular intervals, until the keyring is dropped.
async fn refresh_loop(ring: Weak<Ring>, interval: Duration) {
    loop {
        sleep(interval).await;
        let Some(ring) = ring.upgrade() else {
            return;
        };
        if let Some(refreshing) = &ring.refreshing {
            let mut sources = refreshing.sources.lock().await;
            ring.read(&mut sources).await;
        }
    }
}

impl Sources {
    /// Reads every source, and returns the failures. A source whose read failed keeps its previous keys.
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

    /// Returns the fixed keys, the keys of files, and as many keys from URLs as the maximum number of keys allows.
    fn keys(&self) -> Result<Keys, InvalidKey> {
        let mut all = self.fixed.clone();
        for (source, keys) in &self.list {
            let room = match source {
                KeySource::File(_) => keys.len(),
                KeySource::Url(_) => MAX_KEYS.saturating_sub(all.len()).min(keys.len()),
            };
            let ignored = keys.len() - room;
            if ignored > 0 {
                tracing::warn!(
                    ignored,
                    "ignored some keys of a key set: at most {MAX_KEYS} keys are used in total"
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
