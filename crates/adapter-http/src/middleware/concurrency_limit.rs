//! The limit of requests in flight, and the timeout of long responses.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use actix_web::{
    Error,
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};

use super::request_id::RequestId;
use crate::{error::ApiError, metrics::HttpMetrics};

/// A limit of requests in flight.
pub(crate) struct ConcurrencyLimit {
    max: usize,
    in_flight: Arc<AtomicUsize>,
    metrics: HttpMetrics,
}

impl ConcurrencyLimit {
    pub(super) fn new(max: usize, metrics: HttpMetrics) -> Self {
        Self {
            max,
            in_flight: Arc::default(),
            metrics,
        }
    }

    /// Returns how many requests have begun and whose responses have not been written.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// # Errors
    ///
    /// Returns [`ApiError::TooManyInFlight`] if the limit is reached.
    pub(super) fn try_acquire(&self) -> Result<InFlightGuard, ApiError> {
        let guard = InFlightGuard {
            in_flight: Arc::clone(&self.in_flight),
            metrics: self.metrics.clone(),
        };
        self.metrics.in_flight.inc();
        // Counted before it is looked at, so that it is counted off again on both ways.
        if self.in_flight.fetch_add(1, Relaxed) >= self.max {
            return Err(ApiError::TooManyInFlight);
        }
        Ok(guard)
    }
}

/// Counts a request as in flight until dropped.
pub(super) struct InFlightGuard {
    in_flight: Arc<AtomicUsize>,
    metrics: HttpMetrics,
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Relaxed);
        self.metrics.in_flight.dec();
    }
}

/// A response of at most this size is written at once, or counted as pending by its connection.
const WRITE_BUFFER_BYTES: u64 = 64 * 1_024;

/// Keeps the request in flight until its response is written, and aborts a response that takes longer than `limit`: the
/// client sees that the end is missing.
pub(super) fn track_body(
    body: BoxBody,
    guard: Option<InFlightGuard>,
    limit: Duration,
    id: RequestId,
) -> BoxBody {
    match body.size() {
        BodySize::None | BodySize::Sized(..=WRITE_BUFFER_BYTES) => body,
        BodySize::Sized(_) | BodySize::Stream => BoxBody::new(TrackedBody {
            body,
            id,
            _guard: guard,
            deadline: Instant::now() + limit,
        }),
    }
}

struct TrackedBody {
    body: BoxBody,
    id: RequestId,
    _guard: Option<InFlightGuard>,
    deadline: Instant,
}

impl MessageBody for TrackedBody {
    type Error = Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let next = if Instant::now() >= self.deadline {
            let slow = io::Error::from(io::ErrorKind::TimedOut);
            Poll::Ready(Some(Err(slow.into())))
        } else {
            Pin::new(&mut self.body).poll_next(context)
        };
        next.map_err(|error| {
            tracing::warn!(request.id = %self.id, reason = %error, "an answer broke off");
            io::Error::other(error.to_string()).into()
        })
    }
}
