//! Response bodies with a response timeout. They count their request as in flight until they have been written.

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

/// The size of the write buffer of a connection. A body of at most this length is passed to the connection at once, and
/// the connection counts it as a pending write.
const WRITE_BUFFER_BYTES: u64 = 64 * 1_024;

/// Returns a body that counts its request as in flight until the response has been written. If this takes longer than
/// `limit`, the body returns an error, and the client detects that the response is incomplete.
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
            let timed_out = io::Error::from(io::ErrorKind::TimedOut);
            Poll::Ready(Some(Err(timed_out.into())))
        } else {
            Pin::new(&mut self.body).poll_next(context)
        };
        next.map_err(|error| {
            tracing::warn!(request.id = %self.id, reason = %error, "aborted a response");
            io::Error::other(error.to_string()).into()
        })
    }
}
