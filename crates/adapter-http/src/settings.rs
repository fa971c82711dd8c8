//! The settings of the HTTP interface, already parsed.

mod order;
mod origins;
mod sign_in;
mod trusted_proxies;

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

pub use self::{
    order::{Order, UnknownOrder},
    origins::{AllowedOrigins, InvalidOrigin},
    sign_in::{InvalidSignInUrl, SignInUrl},
    trusted_proxies::{ParseProxiesError, TrustedProxies},
};

/// The settings of the HTTP interface: limits, timeouts, origins and proxies.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The order of traces for requests without the parameter `order`.
    pub default_order: Order,
    /// The origins whose web pages may read responses.
    pub cors_origins: AllowedOrigins,
    /// The URL at which visitors of the web pages sign in, `None` if the pages have no link to it.
    pub sign_in_url: Option<SignInUrl>,
    /// The key in the browser's `localStorage` under which another page of this origin stores the visitor's token,
    /// `None` without such a page.
    pub token_storage_key: Option<String>,
    /// The rate limits per client.
    pub rate_limits: RateLimits,
    /// The proxies whose `X-Request-Id` and `X-Forwarded-For` headers are accepted.
    pub trusted_proxies: TrustedProxies,
    /// The number of worker threads; `None` for one per core.
    pub workers: Option<NonZeroUsize>,
    /// The connection limit. One address can have at most half of the connections, unless it belongs to a trusted
    /// proxy. A connection over the limit evicts the longest idle connection. If no connection is idle, the new
    /// connection gets 503. At most twice the limit is accepted; further connections wait in the backlog.
    pub max_connections: NonZeroUsize,
    /// The concurrency limit: the maximum number of requests in flight. Further requests get 503.
    pub max_in_flight: NonZeroUsize,
    /// The maximum number of requests that wait or stream; `None` for three quarters of `max_connections`. Further ones
    /// get 503.
    pub max_long_lived: Option<NonZeroUsize>,
    /// The longest time for which a request may wait for changes (`Prefer: wait`).
    pub max_wait: Duration,
    /// The head timeout: the longest time in which a client may send the head of a request.
    pub head_timeout: Duration,
    /// The request timeout: the longest time from the start of a request until its response begins.
    pub request_timeout: Duration,
    /// The write timeout: the longest time for which a client may stop reading a response.
    pub write_timeout: Duration,
    /// The response timeout: the longest time in which a client may read a complete response.
    pub response_timeout: Duration,
    /// The keep-alive timeout: the longest time for which a connection may be idle between requests.
    pub keep_alive: Duration,
    /// The shutdown delay: the time after the start of a shutdown in which requests are still accepted. In this time,
    /// load balancers notice that the instance is not ready.
    pub shutdown_delay: Duration,
    /// The shutdown timeout: the longest time after the shutdown delay in which requests in flight may finish.
    pub shutdown_timeout: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        const MAX_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();
        const MAX_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();
        Self {
            default_order: Order::default(),
            cors_origins: AllowedOrigins::default(),
            sign_in_url: None,
            token_storage_key: Some("jwt".to_owned()),
            rate_limits: RateLimits::default(),
            trusted_proxies: TrustedProxies::default(),
            workers: None,
            max_connections: MAX_CONNECTIONS,
            max_in_flight: MAX_IN_FLIGHT,
            max_long_lived: None,
            // Proxies end a response after 50 or 60 s.
            max_wait: Duration::from_secs(45),
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

/// The rate limits in requests per second, `None` for no limit. Bursts can have ten times the rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// The limit of each caller with a valid token.
    pub per_caller: Option<NonZeroU32>,
    /// The limit of each address, for requests that are not counted by caller.
    pub per_address: Option<NonZeroU32>,
}
