//! How many requests are worked on at once, and how long an answer may take to be sent.

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

/// Lets in so many requests at once.
pub(crate) struct Admissions {
    most: usize,
    in_flight: Arc<AtomicUsize>,
    metrics: HttpMetrics,
}

impl Admissions {
    pub(super) fn new(most: usize, metrics: HttpMetrics) -> Self {
        Self {
            most,
            in_flight: Arc::default(),
            metrics,
        }
    }

    /// How many requests have been let in and not been answered to the end.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// # Errors
    ///
    /// If too many are in already. It costs next to nothing to be told so, which is what leaves the time to answer the
    /// others.
    pub(super) fn admit(&self) -> Result<Admission, ApiError> {
        let admission = Admission {
            in_flight: Arc::clone(&self.in_flight),
            metrics: self.metrics.clone(),
        };
        self.metrics.in_flight.inc();
        // Counted before it is looked at, so that it is counted off again on both ways.
        if self.in_flight.fetch_add(1, Relaxed) >= self.most {
            return Err(ApiError::TooManyInFlight);
        }
        Ok(admission)
    }
}

/// A request that has been let in, until it is dropped.
pub(super) struct Admission {
    in_flight: Arc<AtomicUsize>,
    metrics: HttpMetrics,
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Relaxed);
        self.metrics.in_flight.dec();
    }
}

/// What a connection takes at once, to be sent or to be counted as unsent. In bytes.
const AT_ONCE: u64 = 64 * 1_024;

/// Keeps the request in flight until its answer is sent, where that is not done at once, and ends an answer that takes
/// longer than `limit`: the client gets as much of it as it took, without an end, and knows by that. The log knows it by
/// the request's `id`.
pub(super) fn until_sent(
    body: BoxBody,
    admission: Option<Admission>,
    limit: Duration,
    id: RequestId,
) -> BoxBody {
    match body.size() {
        BodySize::None | BodySize::Sized(..=AT_ONCE) => body,
        BodySize::Sized(_) | BodySize::Stream => BoxBody::new(UntilSent {
            body,
            id,
            _admission: admission,
            deadline: Instant::now() + limit,
        }),
    }
}

struct UntilSent {
    body: BoxBody,
    id: RequestId,
    _admission: Option<Admission>,
    deadline: Instant,
}

impl MessageBody for UntilSent {
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
