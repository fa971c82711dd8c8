//! How often one client may ask.
//!
//! Who has shown a good token is counted by whom it names, wherever they ask from: a campus behind one address does not
//! lock itself out. Who has not is counted by address; and since a token is checked before anything is counted, nobody who
//! has a good one is refused because of others at their address. So is whoever asks for what takes no token.

use std::{
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, Weak},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};
use tokio::time::sleep;
use wts_domain::Caller;

use crate::error::ApiError;

/// Who has not asked for a while has to be told from others no more, and so often they are forgotten.
const SWEEP: Duration = Duration::from_secs(60);
/// So many seconds' worth of requests may come at once.
const BURST: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// How many requests a second are answered, on average; ten times as many may come at once. `None` for any number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// To one bearer of tokens.
    pub per_caller: Option<NonZeroU32>,
    /// To one address, of requests without a good token.
    pub per_address: Option<NonZeroU32>,
}

/// Counts requests, those of each client for itself.
pub(crate) struct ClientLimits {
    callers: Option<Limiter>,
    strangers: Option<Limiter>,
    /// Clients are told apart by a hash that nobody outside can foresee.
    hash: RandomState,
}

type Limiter = RateLimiter<u64, DashMapStateStore<u64>, DefaultClock>;

impl ClientLimits {
    /// Needs a runtime, on which it forgets those who have gone, for as long as it is there.
    pub(crate) fn new(limits: RateLimits) -> Arc<Self> {
        let limiter = |a_second: NonZeroU32| {
            let at_once = a_second.saturating_mul(BURST);
            RateLimiter::dashmap(Quota::per_second(a_second).allow_burst(at_once))
        };
        let limits = Arc::new(Self {
            callers: limits.per_caller.map(limiter),
            strangers: limits.per_address.map(limiter),
            hash: RandomState::new(),
        });
        if limits.callers.is_some() || limits.strangers.is_some() {
            tokio::spawn(sweep(Arc::downgrade(&limits)));
        }
        limits
    }

    /// # Errors
    ///
    /// [`ApiError::TooMany`] if this caller asks too often. One whose token names nobody, as a service's may, is told from
    /// others by their address.
    pub(crate) fn count_caller(
        &self,
        caller: &Caller,
        address: impl FnOnce() -> Option<IpAddr>,
    ) -> Result<(), ApiError> {
        let Some(callers) = &self.callers else {
            return Ok(());
        };
        let key = if caller.student.is_empty() {
            self.hash.hash_one((1, address().map(network)))
        } else {
            self.hash.hash_one((2, caller.student.as_str()))
        };
        count(callers, key)
    }

    /// # Errors
    ///
    /// [`ApiError::TooMany`] if requests without a good token come too often from this address.
    pub(crate) fn count_stranger(
        &self,
        address: impl FnOnce() -> Option<IpAddr>,
    ) -> Result<(), ApiError> {
        match &self.strangers {
            Some(strangers) => count(strangers, self.hash.hash_one(address().map(network))),
            None => Ok(()),
        }
    }
}

fn count(limiter: &Limiter, key: u64) -> Result<(), ApiError> {
    limiter.check_key(&key).map_err(|not_until| {
        let wait = not_until.wait_time_from(limiter.clock().now());
        // In whole seconds, and none is never the answer.
        ApiError::TooMany(wait.as_secs().saturating_add(1))
    })
}

/// Whoever has one address of IPv6 has all that share its first 64 bits (RFC 4291 2.5.4).
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        v4 @ IpAddr::V4(_) => v4,
    }
}

async fn sweep(limits: Weak<ClientLimits>) {
    loop {
        sleep(SWEEP).await;
        let Some(limits) = limits.upgrade() else {
            return;
        };
        for limiter in [&limits.callers, &limits.strangers].into_iter().flatten() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use wts_domain::{Access, StudentId};

    use super::*;

    fn caller(student: &str) -> Caller {
        Caller::new(StudentId::from(student), Access::User)
    }

    #[expect(clippy::unnecessary_wraps, reason = "as those of requests are")]
    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn one_a_second() -> RateLimits {
        RateLimits {
            per_caller: NonZeroU32::new(1),
            per_address: NonZeroU32::new(1),
        }
    }

    /// Asks until it is refused, and says how long that is to last.
    fn exhaust(mut ask: impl FnMut() -> Result<(), ApiError>) -> u64 {
        for _ in 0..1_000 {
            if let Err(error) = ask() {
                let ApiError::TooMany(seconds) = error else {
                    panic!("{error:?}");
                };
                return seconds;
            }
        }
        panic!("nobody is ever refused");
    }

    #[tokio::test]
    async fn one_who_asks_too_often_is_refused_and_nobody_else() {
        let limits = ClientLimits::new(one_a_second());
        let campus = address("192.0.2.1");

        let wait = exhaust(|| limits.count_caller(&caller("mallory"), || campus));
        assert!((1..=2).contains(&wait), "{wait}");
        assert!(
            limits
                .count_caller(&caller("mallory"), || address("192.0.2.2"))
                .is_err()
        );
        assert!(limits.count_caller(&caller("alice"), || campus).is_ok());
        assert!(limits.count_stranger(|| campus).is_ok());
    }

    #[tokio::test]
    async fn strangers_at_an_address_do_not_lock_out_who_has_a_token() {
        let limits = ClientLimits::new(one_a_second());
        let campus = address("192.0.2.1");

        exhaust(|| limits.count_stranger(|| campus));
        assert!(limits.count_caller(&caller("alice"), || campus).is_ok());
        assert!(limits.count_stranger(|| address("192.0.2.2")).is_ok());
    }

    #[tokio::test]
    async fn who_is_nobody_is_told_from_others_by_the_address() {
        let limits = ClientLimits::new(one_a_second());
        let address = address("192.0.2.1");

        exhaust(|| limits.count_caller(&caller(""), || address));
        assert!(
            limits
                .count_caller(&caller(""), || self::address("192.0.2.2"))
                .is_ok()
        );
        assert!(
            limits
                .count_caller(&caller("192.0.2.1"), || address)
                .is_ok()
        );
    }

    #[tokio::test]
    async fn a_whole_network_of_ipv6_is_one_client() {
        let limits = ClientLimits::new(one_a_second());
        let mut last = 0;
        exhaust(|| {
            last += 1;
            limits.count_stranger(|| address(&format!("2001:db8::{last:x}")))
        });
        assert!(limits.count_stranger(|| address("2001:db8:0:1::1")).is_ok());
        exhaust(|| limits.count_stranger(|| address("::ffff:192.0.2.7")));
        assert!(
            limits.count_stranger(|| address("192.0.2.7")).is_err(),
            "IPv4 in IPv6"
        );
    }

    #[tokio::test]
    async fn without_limits_nobody_is_counted() {
        let limits = ClientLimits::new(RateLimits::default());
        for _ in 0..100_000 {
            assert!(limits.count_caller(&caller("alice"), || None).is_ok());
            assert!(limits.count_stranger(|| None).is_ok());
        }
    }
}
