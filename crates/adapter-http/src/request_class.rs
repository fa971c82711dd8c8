//! The class of a request, which determines its limits and timeouts, and the handle with which a handler can change the
//! class.
//!
//! The route determines the initial class. After the token and the permission have been checked, a handler can change
//! the class of its request to a long-lived one. A long-lived request has no request timeout, and a stream has no
//! response timeout either. The request does not count towards the concurrency limit, and its connection is never idle.
//! A graceful shutdown waits for the request. The request must end when
//! [`Health::wait_until_stopping`](crate::health::Health::wait_until_stopping) resolves.

use std::{
    cell::Cell,
    future::{Ready, ready},
    rc::Rc,
    time::Duration,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use prometheus_client::metrics::gauge::Gauge;

use crate::{error::ApiError, metrics::HttpMetrics};

/// The class of a request, which determines its limits and timeouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestClass {
    /// A health check. It has no concurrency limit and no rate limit, and is not counted as in flight.
    Health,
    /// A request with a request timeout and a response timeout.
    Unary,
    /// A long poll. The response begins when new data is available.
    Waiting,
    /// A stream. The response lasts for as long as the client reads it.
    Streaming,
}

/// The time for which a request waited for changes, stored in the extensions of the request.
pub(crate) struct WaitedFor(pub(crate) Duration);

/// A handle to the state of a connection, shared by its TCP stream, the middleware and the handlers. Clones share the
/// state.
#[derive(Clone)]
pub(crate) struct ConnectionHandle(Rc<ConnectionState>);

struct ConnectionState {
    /// The class of the request in flight, if any. A connection has at most one request in flight.
    class: Cell<Option<RequestClass>>,
    /// Whether the last request of the connection has been received. The HTTP server may already have read further
    /// requests.
    has_received_last: Cell<bool>,
    is_aborted: Cell<bool>,
    is_over_limit: bool,
    metrics: HttpMetrics,
}

impl ConnectionHandle {
    pub(crate) fn new(is_over_limit: bool, metrics: HttpMetrics) -> Self {
        Self(Rc::new(ConnectionState {
            class: Cell::new(None),
            has_received_last: Cell::new(false),
            is_aborted: Cell::new(false),
            is_over_limit,
            metrics,
        }))
    }

    /// Returns whether the connection is over the connection limit.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.0.is_over_limit
    }

    /// Records whether a request is the last one on the connection. Returns whether the last request had already been
    /// received.
    pub(crate) fn mark_last_and_check(&self, is_last: bool) -> bool {
        let last = &self.0.has_received_last;
        last.replace(last.get() || is_last)
    }

    /// Aborts the connection: nothing more is written to the client.
    pub(crate) fn abort(&self) {
        self.0.is_aborted.set(true);
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.0.is_aborted.get()
    }

    /// Returns whether a request is in flight.
    pub(crate) fn is_in_use(&self) -> bool {
        self.0.class.get().is_some()
    }

    /// Returns whether the request in flight has no request timeout.
    pub(crate) fn is_long_lived(&self) -> bool {
        let class = self.0.class.get();
        class.is_some_and(|class| !matches!(class, RequestClass::Health | RequestClass::Unary))
    }

    /// Returns whether the request in flight has no response timeout.
    pub(crate) fn is_streaming(&self) -> bool {
        self.0.class.get() == Some(RequestClass::Streaming)
    }

    /// Changes the class of the request in flight to a long-lived class.
    pub(crate) fn raise(&self, class: RequestClass) {
        self.set_class(Some(class));
    }

    /// Returns a guard that counts a request as in flight until it is dropped.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::TooManyInFlight`] if `max` requests are already in flight.
    pub(crate) fn begin(&self, class: RequestClass, max: usize) -> Result<InFlightGuard, ApiError> {
        self.set_class(Some(class));
        let guard = InFlightGuard(self.clone());
        let count = self.gauge(class).map_or(0, Gauge::get);
        if usize::try_from(count).is_ok_and(|count| count > max) {
            return Err(ApiError::TooManyInFlight);
        }
        Ok(guard)
    }

    fn set_class(&self, class: Option<RequestClass>) {
        if let Some(gauge) = self.0.class.get().and_then(|class| self.gauge(class)) {
            gauge.dec();
        }
        if let Some(gauge) = class.and_then(|class| self.gauge(class)) {
            gauge.inc();
        }
        self.0.class.set(class);
    }

    fn gauge(&self, class: RequestClass) -> Option<&Gauge> {
        match class {
            RequestClass::Health => None,
            RequestClass::Unary => Some(&self.0.metrics.in_flight),
            RequestClass::Waiting => Some(&self.0.metrics.waiting),
            RequestClass::Streaming => Some(&self.0.metrics.streaming),
        }
    }
}

impl FromRequest for ConnectionHandle {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let handle = request.conn_data::<Self>().cloned();
        ready(handle.ok_or(ApiError::Internal("the connection has no handle")))
    }
}

/// A guard that counts a request as in flight until it is dropped.
pub(crate) struct InFlightGuard(ConnectionHandle);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.set_class(None);
    }
}
