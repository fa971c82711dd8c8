//! The class of a request, by which limits and timeouts go, and the handle by which a handler raises it.
//!
//! The route's class is the default. Once token and permission have been checked, a handler can raise its request to a
//! long-lived class. Its connection and the middleware then apply no request and no response timeout, it leaves the limit
//! of requests in flight, and its connection is not idle however quiet it is. A graceful shutdown waits for it; it has to
//! end when [`Health::stopping`](crate::health::Health::stopping) resolves.

use std::{
    cell::Cell,
    future::{Ready, ready},
    rc::Rc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use prometheus_client::metrics::gauge::Gauge;

use crate::{error::ApiError, metrics::HttpMetrics};

/// How a request is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestClass {
    /// A health check: never rejected under load or for its rate, and not counted as in flight.
    Health,
    /// The response begins within the request timeout and is read within the response timeout.
    Unary,
    /// The response begins when there is something new.
    #[cfg_attr(not(test), expect(dead_code, reason = "for handlers to raise to"))]
    Waiting,
    /// The response goes on for as long as the client reads it.
    Streaming,
}

/// The state of a connection that its stream, the middleware and handlers share. Copies share it too.
#[derive(Clone)]
pub(crate) struct ConnectionHandle(Rc<ConnectionState>);

struct ConnectionState {
    /// The class of the request in flight, of which there is one at a time.
    class: Cell<Option<RequestClass>>,
    /// Whether the last request was received. The HTTP server would go on with what it has read already.
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

    /// Whether the connection is over the connection limit.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.0.is_over_limit
    }

    /// Records a request, which may be the last, and returns whether it came after the last one.
    pub(crate) fn mark_last_and_check(&self, is_last: bool) -> bool {
        let last = &self.0.has_received_last;
        last.replace(last.get() || is_last)
    }

    /// Ends the connection: nothing is written to it any more.
    pub(crate) fn abort(&self) {
        self.0.is_aborted.set(true);
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.0.is_aborted.get()
    }

    /// Whether a request is in flight.
    pub(crate) fn is_in_use(&self) -> bool {
        self.0.class.get().is_some()
    }

    /// Whether the request in flight has no request timeout.
    pub(crate) fn is_long_lived(&self) -> bool {
        let class = self.0.class.get();
        class.is_some_and(|class| !matches!(class, RequestClass::Health | RequestClass::Unary))
    }

    /// Whether the request in flight has no response timeout.
    pub(crate) fn is_streaming(&self) -> bool {
        self.0.class.get() == Some(RequestClass::Streaming)
    }

    /// Raises the request in flight to a long-lived class.
    #[cfg_attr(not(test), expect(dead_code, reason = "for handlers to call"))]
    pub(crate) fn raise(&self, class: RequestClass) {
        self.set_class(Some(class));
    }

    /// Counts a request as in flight until the guard is dropped.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::TooManyInFlight`] if that makes more than `max` of its class.
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
            RequestClass::Waiting | RequestClass::Streaming => Some(&self.0.metrics.long_lived),
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

/// Counts a request as in flight until dropped.
pub(crate) struct InFlightGuard(ConnectionHandle);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.set_class(None);
    }
}
