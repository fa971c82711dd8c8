//! The keys that are believed, now.

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
use super::key::{InvalidKey, Key, Keys};

/// How long somebody's request waits for a key that is not there. Whoever publishes keys answers in a tenth of it; and keys
/// that come later are there for the next request.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many requests may wait for one. Anybody can make up the names of keys, and others need the places.
const MOST_WAITING: usize = 64;

/// The keys that are believed. Cheap to clone; every clone sees the same keys, and whoever looks at them waits for nobody.
#[derive(Clone)]
pub struct Keyring(Arc<Ring>);

struct Ring {
    keys: ArcSwap<Keys>,
    /// None, if the keys are there for good.
    followed: Option<Followed>,
}

struct Followed {
    /// Keys that are there for good.
    fixed: Vec<Key>,
    pace: Pace,
    state: Mutex<State>,
    /// Places for those who ask for keys that are not there, each taken until it is known whether they are now.
    places: Arc<Semaphore>,
}

struct State {
    /// Sources, and the keys that each had when it was last read.
    sources: Vec<(KeySource, Vec<Key>)>,
    /// When somebody last asked for keys that are not there.
    asked: Option<Instant>,
}

/// How often sources are read.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// After so long without anybody asking. So long, at most, a key is believed that has been withdrawn.
    pub every: Duration,
    /// Not again within this time, however many ask for keys that are not there: anybody can make up their names.
    pub not_within: Duration,
}

impl Keyring {
    /// A ring of these keys, for good.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if there are none or too many.
    pub fn fixed(keys: Vec<Key>) -> Result<Self, InvalidKey> {
        Ok(Self(Arc::new(Ring {
            keys: ArcSwap::from_pointee(Keys::new(keys)?),
            followed: None,
        })))
    }

    /// A ring of these keys and of those in the sources, which are read now and then again and again at this pace, as long
    /// as the ring is there. A source that cannot be read again keeps the keys that it had.
    ///
    /// # Errors
    ///
    /// [`KeySourceError`] if a source cannot be read now, or there are too many keys in all.
    pub async fn following(
        fixed: Vec<Key>,
        sources: Vec<KeySource>,
        pace: Pace,
    ) -> Result<Self, KeySourceError> {
        let mut state = State {
            sources: sources
                .into_iter()
                .map(|source| (source, Vec::new()))
                .collect(),
            asked: None,
        };
        if let Some(failure) = state.read().await.pop() {
            return Err(failure);
        }
        let keys = state.all(&fixed).map_err(KeySourceError::Together)?;
        let ring = Arc::new(Ring {
            keys: ArcSwap::from_pointee(keys),
            followed: Some(Followed {
                fixed,
                pace,
                state: Mutex::new(state),
                places: Arc::new(Semaphore::new(MOST_WAITING)),
            }),
        });
        tokio::spawn(keep_reading(Arc::downgrade(&ring), pace.every));
        Ok(Self(ring))
    }

    /// The keys, now.
    pub(super) fn current(&self) -> Guard<Arc<Keys>> {
        self.0.keys.load()
    }

    /// Whether there is anywhere to look for keys that are not there.
    pub(super) fn may_look_again(&self) -> bool {
        self.0.followed.is_some()
    }

    /// Looks for keys that are not there, if that has not been done just now. Says whether the sources were read since it
    /// was asked, as far as that can be said soon.
    pub(super) async fn look_again(&self) -> bool {
        let Some(followed) = &self.0.followed else {
            return false;
        };
        let Ok(place) = Arc::clone(&followed.places).try_acquire_owned() else {
            return false;
        };
        let ring = Arc::clone(&self.0);
        // In a task of its own: should whoever asks go away, the others who wait still get the keys.
        let looking = tokio::spawn(async move {
            let _place = place;
            ring.look_again().await
        });
        matches!(timeout(PATIENCE, looking).await, Ok(Ok(true)))
    }
}

impl Ring {
    async fn look_again(&self) -> bool {
        let Some(followed) = &self.followed else {
            return false;
        };
        let before = self.keys.load_full();
        let mut state = followed.state.lock().await;
        if !Arc::ptr_eq(&before, &self.keys.load()) {
            return true; // somebody has read them while we waited
        }
        let is_too_soon = state
            .asked
            .is_some_and(|asked| asked.elapsed() < followed.pace.not_within);
        if is_too_soon {
            return false;
        }
        state.asked = Some(Instant::now());
        self.read(followed, &mut state).await;
        true
    }

    async fn read(&self, followed: &Followed, state: &mut State) {
        for failure in state.read().await {
            tracing::warn!(
                cause = %failure,
                "a key set could not be read again, its keys stay as they were"
            );
        }
        match state.all(&followed.fixed) {
            Ok(keys) => self.keys.store(Arc::new(keys)),
            Err(error) => tracing::warn!(
                cause = %error,
                "the keys that were read cannot be used together, those before stay"
            ),
        }
    }
}

/// Reads the sources every so often, until nobody has the ring any more.
async fn keep_reading(ring: Weak<Ring>, every: Duration) {
    loop {
        sleep(every).await;
        let Some(ring) = ring.upgrade() else {
            return;
        };
        if let Some(followed) = &ring.followed {
            let mut state = followed.state.lock().await;
            ring.read(followed, &mut state).await;
        }
    }
}

impl State {
    /// Reads every source. Those that fail keep the keys that they had.
    async fn read(&mut self) -> Vec<KeySourceError> {
        let mut failures = Vec::new();
        for (source, keys) in &mut self.sources {
            match source.read().await {
                Ok(read) => *keys = read,
                Err(failure) => failures.push(failure),
            }
        }
        failures
    }

    fn all(&self, fixed: &[Key]) -> Result<Keys, InvalidKey> {
        let of_files = |(source, _): &&(KeySource, _)| matches!(source, KeySource::File(_));
        let (ours, theirs): (Vec<_>, Vec<_>) = self.sources.iter().partition(of_files);
        let keys_of = |(_, keys): &(KeySource, Vec<Key>)| keys.clone();
        let ours: Vec<_> = fixed
            .iter()
            .cloned()
            .chain(ours.into_iter().flat_map(keys_of))
            .collect();
        Keys::with_room_for(ours, theirs.into_iter().flat_map(keys_of))
    }
}

#[cfg(test)]
mod tests;
