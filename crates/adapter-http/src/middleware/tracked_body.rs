//! Response bodies that keep their request in flight until they are written, and the response timeout.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use actix_web::{
    Error,
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};

use super::request_id::RequestId;
use crate::request_class::InFlightGuard;

/// A response of at most this size is written at once, or counted as pending by its connection.
const WRITE_BUFFER_BYTES: u64 = 64 * 1_024;

/// Keeps the request in flight until its response is written, and aborts a response that takes longer than `limit`: the
/// client sees that the end is missing.
pub(super) fn track_body(
    body: BoxBody,
    guard: InFlightGuard,
    limit: Option<Duration>,
    id: RequestId,
) -> BoxBody {
    match body.size() {
        BodySize::None | BodySize::Sized(..=WRITE_BUFFER_BYTES) => body,
        BodySize::Sized(_) | BodySize::Stream => BoxBody::new(TrackedBody {
            body,
            id,
            _guard: guard,
            deadline: limit.map(|limit| Instant::now() + limit),
        }),
    }
}

struct TrackedBody {
    body: BoxBody,
    id: RequestId,
    _guard: InFlightGuard,
    deadline: Option<Instant>,
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
        let next = if self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
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
