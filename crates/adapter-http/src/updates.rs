//! Updates for clients that wait: long polling (`Prefer: wait`, RFC 7240) and event streams.
//!
//! A waiting or streaming request is first checked and read like any other. Then it becomes a [`LongLivedRequest`], which
//! ends when its token expires, when the service stops, or when the caller has too many of them. One [watcher](watcher)
//! reads for all of them together.
//!
//! The responder `sse` of `actix-web-lab` is not used: it needs every event as one string, but a history can be long, and
//! it would add more than a dozen crates for two lines of format.

mod event;
mod limits;
mod prefer;
mod watcher;

use std::time::Duration;

use actix_web::{HttpRequest, web::Data};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use wts_app::UseCases;
use wts_domain::ActiveCaller;

use self::limits::{CallerKey, LongLivedLimits, LongLivedSlot};
pub(crate) use self::{
    event::{EventStream, HEARTBEAT, HEARTBEAT_INTERVAL, end_event, head_response},
    prefer::{applied, preferred_wait},
    watcher::{FeedBatch, Reading, Subscription, Watcher},
};
use crate::{
    authentication::{bearer, now},
    client_address::{client_address, ip_prefix},
    error::{ApiError, NotReady, Unauthenticated},
    health::Health,
    metrics::HttpMetrics,
    request_class::{ConnectionHandle, RequestClass},
    settings::HttpSettings,
    token::{TokenError, TokenVerifier},
};

/// The state that all waiting and streaming requests share.
#[derive(Clone)]
pub(crate) struct Updates {
    pub(crate) watcher: Watcher,
    pub(crate) max_wait: Duration,
    limits: LongLivedLimits,
    health: Health,
    verifier: Data<TokenVerifier>,
    metrics: HttpMetrics,
}

impl Updates {
    pub(crate) fn new(
        use_cases: &UseCases,
        verifier: Data<TokenVerifier>,
        settings: &HttpSettings,
        health: &Health,
        metrics: &HttpMetrics,
    ) -> Self {
        let default_max = settings.max_connections.get() / 4 * 3;
        let max = settings.max_long_lived.map_or(default_max, usize::from);
        Self {
            watcher: Watcher::new(use_cases.watch_traces.clone(), metrics.clone()),
            max_wait: settings.max_wait,
            limits: LongLivedLimits::new(max),
            health: health.clone(),
            verifier,
            metrics: metrics.clone(),
        }
    }

    /// Makes a request of `caller` long-lived. If the caller has too many long-lived requests, the oldest one ends.
    ///
    /// # Errors
    ///
    /// Returns an error if the token has expired meanwhile, if there are too many long-lived requests, or if the service is
    /// stopping.
    pub(crate) fn begin(
        &self,
        request: &HttpRequest,
        caller: &ActiveCaller,
        class: RequestClass,
    ) -> Result<LongLivedRequest, ApiError> {
        if self.health.is_stopping() {
            return Err(NotReady::Stopping.into());
        }
        let connection = request
            .conn_data::<ConnectionHandle>()
            .ok_or(ApiError::Internal("the connection has no handle"))?;
        let token = bearer(request.headers())?.to_owned();
        let valid_until = self.valid_until(&token)?;
        let key = match caller.student().as_str() {
            "" => CallerKey::Address(client_address(request).map(ip_prefix)),
            _ => CallerKey::Student(caller.student().clone()),
        };
        let slot = self.limits.acquire(key)?;
        connection.raise(class);
        Ok(LongLivedRequest {
            updates: self.clone(),
            token,
            valid_until,
            replaced: slot.replaced(),
            _slot: slot,
        })
    }

    /// Records the delivery delay of a response or event that contains the new traces in `reading`.
    pub(crate) fn record_delivery(&self, reading: &Reading) {
        if let Some(seen) = reading.news_seen {
            let delay = seen.elapsed().as_secs_f64();
            self.metrics.delivery_delay.observe(delay);
        }
    }

    /// Records that a response or event with a batch of the feed begins.
    pub(crate) fn record_batch_delivery(&self, batch: &FeedBatch) {
        let delay = batch.seen.elapsed().as_secs_f64();
        self.metrics.delivery_delay.observe(delay);
    }

    /// Verifies a token again, and returns the time at which it expires.
    fn valid_until(&self, token: &str) -> Result<Instant, ApiError> {
        let remaining = self.verifier.verify_remaining(token, now()?);
        let remaining = remaining.map_err(Unauthenticated::InvalidToken)?;
        let now = Instant::now();
        Ok(now.checked_add(remaining).unwrap_or(now + LONGEST_SLEEP))
    }
}

/// The longest time after which a token is verified again.
const LONGEST_SLEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A request that waits or streams.
pub(crate) struct LongLivedRequest {
    updates: Updates,
    token: String,
    valid_until: Instant,
    replaced: CancellationToken,
    _slot: LongLivedSlot,
}

impl LongLivedRequest {
    /// Resolves with the reason when the request must end: a shutdown, a later request of the caller, or an expired token.
    pub(crate) async fn ended(&self) -> EndReason {
        tokio::select! {
            biased;
            () = self.updates.health.wait_until_stopping() => EndReason::Stopping,
            () = self.replaced.cancelled() => EndReason::Replaced,
            () = sleep_until(self.valid_until) => EndReason::Expired,
        }
    }

    /// Verifies the token again: its key may have been withdrawn.
    ///
    /// # Errors
    ///
    /// Returns the error that a new request with the token would get.
    pub(crate) fn verify_token(&mut self) -> Result<(), ApiError> {
        self.valid_until = self.updates.valid_until(&self.token)?;
        Ok(())
    }
}

/// The reason why an event stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// The token has expired.
    Expired,
    /// The caller may no longer read what the stream contains.
    Forbidden,
    /// The key of the token has been withdrawn.
    KeyWithdrawn,
    /// The ticket has been deleted.
    NoSuchTicket,
    /// The caller has opened too many later requests that wait or stream.
    Replaced,
    /// The service is stopping.
    Stopping,
}

impl EndReason {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Forbidden => "forbidden",
            Self::KeyWithdrawn => "key_withdrawn",
            Self::NoSuchTicket => "no_such_ticket",
            Self::Replaced => "replaced",
            Self::Stopping => "stopping",
        }
    }

    /// Returns the reason with which `error` ends a stream; `None` if the stream continues.
    pub(crate) fn from_error(error: &ApiError) -> Option<Self> {
        match error {
            ApiError::Unauthenticated(Unauthenticated::InvalidToken(TokenError::Expired)) => {
                Some(Self::Expired)
            }
            ApiError::Unauthenticated(_) => Some(Self::KeyWithdrawn),
            // A caller who was an operator when the stream began may omit `tid`.
            ApiError::Denied(_) | ApiError::MissingTicket => Some(Self::Forbidden),
            ApiError::NoSuchTicket => Some(Self::NoSuchTicket),
            _ => None,
        }
    }
}
