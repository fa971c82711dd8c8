//! The parsed settings of the HTTP interface.

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

/// Settings of the HTTP interface: limits, timeouts, origins and proxies.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The order of traces if the request has no `order`.
    pub default_order: Order,
    /// The origins whose pages may read responses.
    pub cors_origins: AllowedOrigins,
    /// The rate limits per client.
    pub rate_limits: RateLimits,
    /// The proxies whose `X-Request-Id` and `X-Forwarded-For` are accepted.
    pub trusted_proxies: TrustedProxies,
    /// The number of worker threads; `None` for one per core.
    pub workers: Option<NonZeroUsize>,
    /// The connection limit. One address has at most half of it, unless it belongs to a trusted proxy. A connection over the
    /// limit evicts the longest idle one. If none is idle, it gets 503; if as many connections again are over the limit,
    /// further ones wait to be accepted.
    pub max_connections: NonZeroUsize,
    /// The concurrency limit: the maximum number of requests in flight. Further requests get 503.
    pub max_in_flight: NonZeroUsize,
    /// The longest time that a client may take to send the head of a request.
    pub head_timeout: Duration,
    /// The request timeout: the longest time until the response begins.
    pub request_timeout: Duration,
    /// The write timeout: the longest time that a client may stop reading a response.
    pub write_timeout: Duration,
    /// The response timeout: the longest time that a client may take to read a complete response.
    pub response_timeout: Duration,
    /// The keep-alive timeout: the longest time that a connection may be idle between requests.
    pub keep_alive: Duration,
    /// The time during which requests are still accepted after the shutdown was requested, so that load balancers notice.
    pub shutdown_delay: Duration,
    /// The longest time that requests in flight may take to finish after that.
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

/// Rate limits in requests per second, with bursts of ten times the rate. `None` for no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// The limit per caller with a valid token.
    pub per_caller: Option<NonZeroU32>,
    /// The limit per address for requests without a valid token.
    pub per_address: Option<NonZeroU32>,
}
