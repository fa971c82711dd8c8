//! A client's connection, on which nobody is waited for without end.
//!
//! The server itself bounds how long a client may take over the head of its first request. It does not for the heads of
//! later ones, nor for answers that a client does not take.
//!
//! What the server cannot read as a request never reaches the service, and it refuses it with a status and nothing else.
//! It is refused here as everything is: with an id, in the envelope, counted and logged.

mod connection_limit;
mod refusal;
mod request_line;

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until, timeout},
};

pub(crate) use self::connection_limit::{ConnectionLimiter, ConnectionSlot};
use self::{connection_limit::PendingWriteGuard, refusal::Refusal, request_line::RequestLine};
use crate::error::ApiError;

/// How long a client may take to close a connection that we have closed.
pub(crate) const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

/// What the server says by itself to who would like to send a body. Nobody takes one here, and whoever waits to hear that is
/// told what becomes of the request instead (RFC 9110 10.1.1).
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// How long a client is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionTimeouts {
    /// From the first byte of a request to the first byte of the answer.
    pub(crate) request: Duration,
    /// For room for more of an answer.
    pub(crate) write: Duration,
    /// For all that was written to be taken.
    pub(crate) answer: Duration,
}

/// A connection that fails where its client is too slow.
pub(crate) struct Connection {
    stream: TcpStream,
    timeouts: ConnectionTimeouts,
    /// When the client began to send what has not been answered.
    reading_since: Option<Instant>,
    /// When the client stopped to take what was written.
    writing_since: Option<Instant>,
    /// What was written and is not on its way yet.
    unsent: Option<PendingWriteGuard>,
    timer: Option<Pin<Box<Sleep>>>,
    /// What has come of the line that a request begins with.
    line: RequestLine,
    /// What goes out instead of the server's own refusal.
    refusal: Option<Refusal>,
    slot: ConnectionSlot,
}

impl Connection {
    pub(crate) fn new(
        stream: TcpStream,
        timeouts: ConnectionTimeouts,
        slot: ConnectionSlot,
    ) -> Self {
        Self {
            stream,
            timeouts,
            reading_since: None,
            writing_since: None,
            unsent: None,
            timer: None,
            line: RequestLine::default(),
            refusal: None,
            slot,
        }
    }

    /// Whether there is no place for it.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.slot.is_rejected()
    }

    /// Refuses whatever the client asks.
    pub(crate) async fn reject(mut self) {
        // Who is answered before it has asked may not understand.
        let _ = timeout(LINGER_TIMEOUT, self.stream.readable()).await;
        let mut refusal = Refusal::with(&ApiError::TooManyConnections, self.slot.metrics());
        let _ = poll_fn(|context| self.write_and_linger(&mut refusal, context)).await;
    }

    /// Writes to the client, who is waited for as long as it takes something of it now and then.
    fn write(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        if matches!(outcome, Poll::Ready(Ok(sent)) if sent == bytes.len()) {
            self.unsent = None;
        }
        if outcome.is_ready() {
            self.reading_since = None;
            self.writing_since = None;
            self.slot.set_idle(self.unsent.is_none());
            return outcome;
        }
        self.slot.set_idle(false);
        let stopped = *self.writing_since.get_or_insert_with(Instant::now);
        let unsent = self
            .unsent
            .get_or_insert_with(|| self.slot.begin_pending_write());
        let deadline = (stopped + self.timeouts.write).min(unsent.since() + self.timeouts.answer);
        self.poll_deadline(Some(deadline), context)
    }

    /// Refuses what the server has refused with this status, and hears the client out for a moment: a connection that is
    /// closed with something unread in it takes the answer with it (RFC 9112 9.6).
    fn refuse(&mut self, status: u16, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut refusal = match self.refusal.take() {
            Some(refusal) => refusal,
            None => Refusal::of(status, &self.line, self.reading_since, self.slot.metrics()),
        };
        let outcome = self.write_and_linger(&mut refusal, context);
        self.refusal = Some(refusal);
        outcome
    }

    fn write_and_linger(
        &mut self,
        refusal: &mut Refusal,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !refusal.rest().is_empty() {
            match ready!(self.write(refusal.rest(), context))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => refusal.advance(written),
            }
        }
        let until = if let Some(until) = refusal.said_until {
            until
        } else {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            *refusal.said_until.insert(Instant::now() + LINGER_TIMEOUT)
        };
        let mut unread = [0; 8 * 1_024];
        while Instant::now() < until {
            let mut into = ReadBuf::new(&mut unread);
            match Pin::new(&mut self.stream).poll_read(context, &mut into) {
                Poll::Ready(Ok(())) if !into.filled().is_empty() => {}
                Poll::Ready(_) => break,
                Poll::Pending => match self.poll_deadline::<()>(Some(until), context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(_) => break,
                },
            }
        }
        Poll::Ready(Ok(()))
    }

    /// What to do while nothing can be done: wait, unless that has been done for too long.
    fn poll_deadline<T>(
        &mut self,
        deadline: Option<Instant>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // It may still be set for an earlier deadline, which costs less than setting it for every request.
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
        match outcome {
            Poll::Ready(_) => {
                let news = into.filled().get(before..).unwrap_or_default();
                if !news.is_empty() {
                    this.reading_since.get_or_insert_with(Instant::now);
                    this.line.follow(news);
                    this.slot.set_idle(false);
                }
                outcome
            }
            Poll::Pending => {
                this.slot
                    .set_idle(this.reading_since.is_none() && this.unsent.is_none());
                this.slot.register_waker(context);
                let deadline = this
                    .reading_since
                    .map(|since| since + this.timeouts.request);
                this.poll_deadline(deadline, context)
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.starts_with(CONTINUE) {
            return Poll::Ready(Ok(CONTINUE.len()));
        }
        let this = self.get_mut();
        let bytes = match refusal::bare_in(bytes) {
            None => bytes,
            Some((0, status)) => {
                return this.refuse(status, context).map_ok(|()| bytes.len());
            }
            // The answers before it go first.
            Some((begin, _)) => bytes.get(..begin).unwrap_or_default(),
        };
        let outcome = this.write(bytes, context);
        if outcome.is_ready() {
            this.line = RequestLine::default();
        }
        outcome
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.refusal.is_some() {
            return Poll::Ready(Ok(())); // that has been done
        }
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}
