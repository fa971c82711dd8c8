//! The TCP stream of a client with read and write timeouts, which disconnect a slow client.
//!
//! actix has a timeout only for the head of the first request on a connection. This module adds timeouts for the heads
//! of later requests, and write timeouts for clients that do not read a response.

mod connection_limit;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

pub(crate) use self::connection_limit::{ConnectionLimiter, ConnectionSlot};
use crate::request_class::ConnectionHandle;

/// The linger timeout: the time that a client has to close a connection after the server has closed it. A connection
/// over the connection limit gets the same time to send its request.
pub(crate) const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

/// The interim response to a request with `Expect: 100-continue`. It is removed from the output: no route accepts a
/// body, so the client gets the final response at once (RFC 9110 10.1.1).
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The timeouts of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionTimeouts {
    /// The request timeout, from the first byte of a request to the first byte of the response.
    pub(crate) request: Duration,
    /// The write timeout: the longest time for which the client may stop reading a response.
    pub(crate) write: Duration,
    /// The response timeout: the longest time until the client has read all bytes of a response.
    pub(crate) response: Duration,
}

/// A TCP stream that fails if its client exceeds a timeout.
pub(crate) struct Connection {
    stream: TcpStream,
    timeouts: ConnectionTimeouts,
    handle: ConnectionHandle,
    slot: ConnectionSlot,
    /// The start of the request that has no response yet, if any.
    reading_since: Option<Instant>,
    /// The time since which the client has not read the response, if any.
    writing_since: Option<Instant>,
    /// The start of the pending write, if any: the socket does not accept further bytes of the responses.
    pending_since: Option<Instant>,
    /// The time until which bytes after the last response are discarded, if the connection is being closed.
    linger_until: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    pub(crate) fn new(
        stream: TcpStream,
        timeouts: ConnectionTimeouts,
        slot: ConnectionSlot,
    ) -> Self {
        let mut connection = Self {
            stream,
            timeouts,
            handle: ConnectionHandle::new(slot.is_rejected(), slot.metrics().clone()),
            slot,
            reading_since: None,
            writing_since: None,
            pending_since: None,
            linger_until: None,
            timer: None,
        };
        if connection.handle.is_over_limit() {
            connection.reading_since = Some(Instant::now());
            connection.timeouts.request = LINGER_TIMEOUT;
        }
        connection
    }

    pub(crate) fn handle(&self) -> &ConnectionHandle {
        &self.handle
    }

    /// Updates the slot: whether the connection is idle, and whether it has a pending write.
    fn update_slot(&mut self) {
        self.slot.set_pending_write(self.pending_since.is_some());
        let is_idle = self.reading_since.is_none() && self.pending_since.is_none();
        self.slot.set_idle(is_idle && !self.handle.is_in_use());
    }

    /// Returns `Pending` until `deadline`, and then a timeout error.
    fn poll_deadline<T>(
        &mut self,
        deadline: Instant,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // The timer can still have an earlier deadline, because resetting it for every request would cost more.
        loop {
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            match timer.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if Instant::now() >= deadline => {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                Poll::Ready(()) => timer.as_mut().reset(deadline),
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.slot.is_evicted() {
            return Poll::Ready(Ok(())); // as if the client had closed it
        }
        let before = into.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(context, into);
        if outcome.is_ready() {
            if into.filled().len() > before {
                this.reading_since.get_or_insert_with(Instant::now);
                this.update_slot();
            }
            return outcome;
        }
        this.update_slot();
        this.slot.register_waker(context);
        match this.reading_since {
            Some(since) if !this.handle.is_long_lived() => {
                this.poll_deadline(since + this.timeouts.request, context)
            }
            _ => Poll::Pending,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.handle.is_aborted() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if bytes.starts_with(CONTINUE) {
            return Poll::Ready(Ok(CONTINUE.len()));
        }
        let outcome = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.reading_since = None;
        if matches!(outcome, Poll::Ready(Ok(written)) if written == bytes.len()) {
            this.pending_since = None;
        }
        if outcome.is_ready() {
            this.writing_since = None;
            this.update_slot();
            return outcome;
        }
        let stopped = *this.writing_since.get_or_insert_with(Instant::now);
        let pending = *this.pending_since.get_or_insert(stopped);
        let deadline = (stopped + this.timeouts.write).min(pending + this.timeouts.response);
        this.update_slot();
        this.poll_deadline(deadline, context)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    /// Closes the connection. If the last request was not read completely, the rest of it is read and discarded until
    /// the linger timeout, because closing a connection with unread bytes can discard the response (RFC 9112 9.6).
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        let mut unread = [0; 8 * 1_024];
        loop {
            let mut into = ReadBuf::new(&mut unread);
            let outcome = Pin::new(&mut this.stream).poll_read(context, &mut into);
            match (outcome, this.linger_until) {
                (Poll::Ready(Ok(())), _) if !into.filled().is_empty() => {}
                (Poll::Pending, Some(until)) => {
                    return this.poll_deadline::<()>(until, context).map(|_| Ok(()));
                }
                _ => return Poll::Ready(Ok(())),
            }
            let now = Instant::now();
            if now >= *this.linger_until.get_or_insert(now + LINGER_TIMEOUT) {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
