//! What an administrator can set, as parsed values.

mod order;
mod origins;
mod trusted_proxies;

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

pub use self::{
    order::{Order, UnknownOrder},
    origins::{AllowedOrigins, InvalidOrigin},
    trusted_proxies::{ParseProxiesError, TrustedProxies},
};

/// How to serve HTTP, and how long each step may take. Every wait has an end.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The order of traces where a request names none.
    pub default_order: Order,
    /// The origins whose pages may read responses.
    pub cors_origins: AllowedOrigins,
    /// How many requests one client may send.
    pub rate_limits: RateLimits,
    /// The proxies whose `X-Request-Id` and `X-Forwarded-For` are accepted.
    pub trusted_proxies: TrustedProxies,
    /// How many threads serve connections; `None` for one per core.
    pub workers: Option<NonZeroUsize>,
    /// How many connections are served at once; one address that is no trusted proxy's has at most half of them. One more
    /// evicts the longest idle. If none is idle, as many again get 503 at a time, and the rest waits to be accepted.
    pub max_connections: NonZeroUsize,
    /// How many requests are worked on at once. Others get 503.
    pub max_in_flight: NonZeroUsize,
    /// How long a client may take to send a request's head.
    pub head_timeout: Duration,
    /// How long a request may take until its response begins.
    pub request_timeout: Duration,
    /// How long a client may stop reading a response.
    pub write_timeout: Duration,
    /// How long a client may take to read a whole response.
    pub response_timeout: Duration,
    /// How long a connection may wait for its next request.
    pub keep_alive: Duration,
    /// How long requests are still accepted after the server was told to stop, so that clients notice.
    pub shutdown_delay: Duration,
    /// How long requests in flight may take to finish after that.
    pub shutdown_timeout: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        const MAX_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();
        const MAX_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();
        Self {
            default_order: Order::default(),
            cors_origins: AllowedOrigins::default(),
            rate_limits: RateLimits::default(),
            trusted_proxies: TrustedProxies::default(),
            workers: None,
            max_connections: MAX_CONNECTIONS,
            max_in_flight: MAX_IN_FLIGHT,
            head_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_millis(2_500),
            write_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_secs(60),
            keep_alive: Duration::from_secs(75),
            shutdown_delay: Duration::ZERO,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// How many requests a second are accepted on average; ten times as many may come at once. `None` for any number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// From the bearer of one token.
    pub per_caller: Option<NonZeroU32>,
    /// From one address, of requests without a valid token.
    pub per_address: Option<NonZeroU32>,
}
