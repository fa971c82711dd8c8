//! The limits of long-lived requests: of each caller and of the instance.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;
use wts_domain::StudentId;

use crate::error::ApiError;

/// The maximum number of long-lived requests of a caller. A further request ends the oldest one.
const MAX_PER_CALLER: usize = 16;

/// Limits the number of long-lived requests. Clones share the counts.
#[derive(Debug, Clone)]
pub(super) struct LongLivedLimits {
    max: usize,
    slots: Arc<Mutex<Slots>>,
}

#[derive(Debug, Default)]
struct Slots {
    /// The requests of each caller, the oldest first.
    by_caller: HashMap<CallerKey, VecDeque<(u64, CancellationToken)>>,
    count: usize,
    next: u64,
}

/// Identifies a caller: the student number, or the address of a caller without one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum CallerKey {
    Student(StudentId),
    Address(Option<IpAddr>),
}

impl LongLivedLimits {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            slots: Arc::default(),
        }
    }

    /// Returns a slot for a request. If the caller has too many requests, the oldest one loses its slot.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::TooManyLongLived`] if no slot is free.
    pub(super) fn acquire(&self, caller: CallerKey) -> Result<LongLivedSlot, ApiError> {
        let mut slots = self.slots();
        let requests = slots.by_caller.get_mut(&caller);
        let oldest = requests
            .filter(|requests| requests.len() >= MAX_PER_CALLER)
            .and_then(VecDeque::pop_front);
        if let Some((_, replaced)) = oldest {
            replaced.cancel();
            slots.count -= 1;
        } else if slots.count >= self.max {
            return Err(ApiError::TooManyLongLived);
        }
        let (number, replaced) = (slots.next, CancellationToken::new());
        slots.next += 1;
        slots.count += 1;
        let requests = slots.by_caller.entry(caller.clone()).or_default();
        requests.push_back((number, replaced.clone()));
        Ok(LongLivedSlot {
            limits: self.clone(),
            caller,
            number,
            replaced,
        })
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The slot of a long-lived request. Dropping it frees the slot.
#[derive(Debug)]
pub(super) struct LongLivedSlot {
    limits: LongLivedLimits,
    caller: CallerKey,
    number: u64,
    replaced: CancellationToken,
}

impl LongLivedSlot {
    /// Returns a token that is cancelled when a later request of the caller takes the slot.
    pub(super) fn replaced(&self) -> CancellationToken {
        self.replaced.clone()
    }
}

impl Drop for LongLivedSlot {
    fn drop(&mut self) {
        let mut slots = self.limits.slots();
        if let Entry::Occupied(mut requests) = slots.by_caller.entry(self.caller.clone()) {
            let before = requests.get().len();
            requests
                .get_mut()
                .retain(|(number, _)| *number != self.number);
            let removed = before - requests.get().len();
            if requests.get().is_empty() {
                requests.remove();
            }
            slots.count -= removed; // none if it was replaced
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn student(number: &str) -> CallerKey {
        CallerKey::Student(StudentId::from(number))
    }

    #[test]
    fn one_request_too_many_replaces_the_oldest_of_its_caller() {
        let limits = LongLivedLimits::new(100);
        let other = limits.acquire(student("other")).unwrap();
        let mut slots: Vec<_> = (0..MAX_PER_CALLER)
            .map(|_| limits.acquire(student("alice")).unwrap())
            .collect();
        assert!(slots.iter().all(|slot| !slot.replaced.is_cancelled()));

        slots.push(limits.acquire(student("alice")).unwrap());

        let replaced = slots.iter().map(|slot| slot.replaced.is_cancelled());
        assert!(replaced.eq((0..=MAX_PER_CALLER).map(|number| number == 0)));
        assert!(!other.replaced.is_cancelled());
        drop(slots);
        drop(other);
        assert!(limits.slots().by_caller.is_empty());
        assert_eq!(limits.slots().count, 0);
    }

    #[test]
    fn full_instance_rejects_new_callers_only() {
        let limits = LongLivedLimits::new(MAX_PER_CALLER);
        let slots: Vec<_> = (0..MAX_PER_CALLER)
            .map(|_| limits.acquire(student("alice")).unwrap())
            .collect();

        let rejected = limits.acquire(student("bob"));
        assert!(matches!(rejected, Err(ApiError::TooManyLongLived)));
        let replacing = limits.acquire(student("alice")).unwrap();
        drop(slots);
        assert_eq!(limits.slots().count, 1);
        drop(replacing);
        assert!(limits.acquire(student("bob")).is_ok());
    }
}
