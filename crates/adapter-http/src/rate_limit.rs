//! The rate limit of each client, based on the crate `governor`.
//!
//! Requests with a valid token are counted by the student number in the token, so that students behind one address do
//! not exhaust each other's limit. Other requests, and requests for routes that need no token, are counted by address.
//!
//! A request with a valid token is not counted by address, unless its key is unknown and must be fetched first.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
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

use crate::{client_address::ip_prefix, error::ApiError, settings::RateLimits};

/// The interval at which the entries of inactive clients are removed.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);
/// The burst size in seconds: this many seconds' worth of requests may be sent at once.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The rate limiters, which count the requests of each client.
pub(crate) struct RateLimiters {
    callers: Option<Limiter>,
    anonymous: Option<Limiter>,
    /// The hash function that maps clients to keys. Its seed is random, so clients cannot cause collisions.
    hash: RandomState,
}

type Limiter = RateLimiter<u64, DashMapStateStore<u64>, DefaultClock>;

impl RateLimiters {
    /// Creates the rate limiters, and spawns their cleanup on the current runtime.
    pub(crate) fn new(limits: RateLimits) -> Arc<Self> {
        let limiter = |per_second: NonZeroU32| {
            let burst = per_second.saturating_mul(BURST_SECONDS);
            RateLimiter::dashmap(Quota::per_second(per_second).allow_burst(burst))
        };
        let limiters = Arc::new(Self {
            callers: limits.per_caller.map(limiter),
            anonymous: limits.per_address.map(limiter),
            hash: RandomState::new(),
        });
        if limiters.callers.is_some() || limiters.anonymous.is_some() {
            tokio::spawn(clean_up(Arc::downgrade(&limiters)));
        }
        limiters
    }

    /// Counts a request with a valid token by its caller. A caller without a student number, such as a service, is
    /// counted by address.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::RateLimited`] if the caller has exceeded the rate limit.
    pub(crate) fn check_caller(
        &self,
        caller: &Caller,
        address: impl FnOnce() -> Option<IpAddr>,
    ) -> Result<(), ApiError> {
        check(self.callers.as_ref(), || match caller.student.as_str() {
            "" => self.hash.hash_one((1, address().map(ip_prefix))),
            student => self.hash.hash_one((2, student)),
        })
    }

    /// Counts a request by its address.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::RateLimited`] if the address has exceeded the rate limit.
    pub(crate) fn check_address(
        &self,
        address: impl FnOnce() -> Option<IpAddr>,
    ) -> Result<(), ApiError> {
        let key = || self.hash.hash_one(address().map(ip_prefix));
        check(self.anonymous.as_ref(), key)
    }
}

fn check(limiter: Option<&Limiter>, key: impl FnOnce() -> u64) -> Result<(), ApiError> {
    let Some(limiter) = limiter else {
        return Ok(());
    };
    limiter.check_key(&key()).map_err(|not_until| {
        let wait = not_until.wait_time_from(limiter.clock().now());
        // The time in whole seconds, rounded up.
        let retry_after = wait.as_secs().saturating_add(1);
        ApiError::RateLimited { retry_after }
    })
}

async fn clean_up(limiters: Weak<RateLimiters>) {
    loop {
        sleep(CLEANUP_INTERVAL).await;
        let Some(limiters) = limiters.upgrade() else {
            return;
        };
        let limiters = [&limiters.callers, &limiters.anonymous];
        for limiter in limiters.into_iter().flatten() {
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

    #[expect(
        clippy::unnecessary_wraps,
        reason = "the address of a request is optional"
    )]
    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn one_a_second() -> RateLimits {
        RateLimits {
            per_caller: NonZeroU32::new(1),
            per_address: NonZeroU32::new(1),
        }
    }

    /// Sends requests until one is rejected, and returns the value of `Retry-After`.
    fn exhaust(mut request: impl FnMut() -> Result<(), ApiError>) -> u64 {
        for _ in 0..1_000 {
            if let Err(error) = request() {
                let ApiError::RateLimited { retry_after } = error else {
                    panic!("{error:?}");
                };
                return retry_after;
            }
        }
        panic!("no request was rejected");
    }

    #[tokio::test]
    async fn caller_over_the_limit_is_rejected_alone() {
        let limits = RateLimiters::new(one_a_second());
        let shared = address("192.0.2.1");

        let wait = exhaust(|| limits.check_caller(&caller("mallory"), || shared));
        assert!((1..=2).contains(&wait), "{wait}");
        assert!(
            limits
                .check_caller(&caller("mallory"), || address("192.0.2.2"))
                .is_err()
        );
        assert!(limits.check_caller(&caller("alice"), || shared).is_ok());
        assert!(limits.check_address(|| shared).is_ok());
    }

    #[tokio::test]
    async fn anonymous_requests_do_not_use_up_the_limit_of_callers() {
        let limits = RateLimiters::new(one_a_second());
        let shared = address("192.0.2.1");

        exhaust(|| limits.check_address(|| shared));
        assert!(limits.check_caller(&caller("alice"), || shared).is_ok());
        assert!(limits.check_address(|| address("192.0.2.2")).is_ok());
    }

    #[tokio::test]
    async fn caller_without_student_number_is_counted_by_address() {
        let limits = RateLimiters::new(one_a_second());
        let shared = address("192.0.2.1");

        exhaust(|| limits.check_caller(&caller(""), || shared));
        assert!(
            limits
                .check_caller(&caller(""), || address("192.0.2.2"))
                .is_ok()
        );
        assert!(limits.check_caller(&caller("192.0.2.1"), || shared).is_ok());
    }

    #[tokio::test]
    async fn ipv6_addresses_with_equal_prefix_are_one_client() {
        let limits = RateLimiters::new(one_a_second());
        let mut last = 0;
        exhaust(|| {
            last += 1;
            limits.check_address(|| address(&format!("2001:db8::{last:x}")))
        });
        assert!(limits.check_address(|| address("2001:db8:0:1::1")).is_ok());
        exhaust(|| limits.check_address(|| address("::ffff:192.0.2.7")));
        assert!(
            limits.check_address(|| address("192.0.2.7")).is_err(),
            "IPv4 in IPv6"
        );
    }

    #[tokio::test]
    async fn requests_are_not_rejected_without_a_limit() {
        let limits = RateLimiters::new(RateLimits::default());
        for _ in 0..100_000 {
            assert!(limits.check_caller(&caller("alice"), || None).is_ok());
            assert!(limits.check_address(|| None).is_ok());
        }
    }
}
