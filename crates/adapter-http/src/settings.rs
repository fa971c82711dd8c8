//! What an operator may decide about the server.

use std::{num::NonZeroUsize, time::Duration};

use crate::{
    gate::{Origins, TrustedProxies},
    rate_limit::RateLimits,
    traces::Order,
};

/// How to serve, and how long anything may take. No wait is without an end.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The order of traces where a caller asks for none.
    pub default_order: Order,
    /// Whose pages may read answers.
    pub cors_origins: Origins,
    /// How often one client may ask.
    pub rate_limits: RateLimits,
    /// Whose `X-Request-Id` is taken over.
    pub trusted_proxies: TrustedProxies,
    /// How many threads serve connections; `None` for one per core.
    pub workers: Option<NonZeroUsize>,
    /// How many connections are served at once, half of them of one address that is no trusted proxy's. For one more the
    /// longest idle ends; where none is idle, as many again are told so at a time, and the rest waits to be accepted.
    pub max_connections: NonZeroUsize,
    /// How many requests are worked on at once. The others are turned away.
    pub max_in_flight: NonZeroUsize,
    /// How long a client may take to send a request's head.
    pub head_timeout: Duration,
    /// How long a request may take until its answer begins.
    pub request_timeout: Duration,
    /// How long a client may take none of an answer.
    pub write_timeout: Duration,
    /// How long a client may take over the whole of an answer.
    pub answer_timeout: Duration,
    /// How long a connection may wait for its next request.
    pub keep_alive: Duration,
    /// How long requests are still taken when the server has been told to stop, so that those who send them notice.
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
            cors_origins: Origins::default(),
            rate_limits: RateLimits::default(),
            trusted_proxies: TrustedProxies::default(),
            workers: None,
            max_connections: MAX_CONNECTIONS,
            max_in_flight: MAX_IN_FLIGHT,
            head_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_millis(2_500),
            write_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(60),
            keep_alive: Duration::from_secs(75),
            shutdown_delay: Duration::ZERO,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}
