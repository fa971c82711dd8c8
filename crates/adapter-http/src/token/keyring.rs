//! The keys that are believed, now.

use std::sync::Arc;

use super::key::{InvalidKey, Key, Keys};

/// The keys that are believed. Cheap to clone; every clone sees the same keys.
#[derive(Clone)]
pub struct Keyring(Arc<Keys>);

impl Keyring {
    /// A ring of these keys, for good.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if there are none or too many.
    pub fn fixed(keys: Vec<Key>) -> Result<Self, InvalidKey> {
        Ok(Self(Arc::new(Keys::new(keys)?)))
    }

    pub(super) fn current(&self) -> &Keys {
        &self.0
    }
}
