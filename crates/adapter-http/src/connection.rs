//! A client's connection, on which nobody is waited for without end.
//!
//! The server itself bounds how long a client may take over the head of its first request. It does not for the heads of
//! later ones, nor for answers that a client does not take.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use crate::metrics::HttpMetrics;

/// How long a client is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// From the first byte of a request to the first byte of the answer.
    pub(crate) request: Duration,
    /// For room for more of an answer.
    pub(crate) write: Duration,
}

/// A connection that fails where its client is too slow.
pub(crate) struct Connection {
    stream: TcpStream,
    patience: Patience,
    /// When the client began to send what has not been answered.
    reading_since: Option<Instant>,
    /// When the client stopped to take what was written.
    writing_since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
    pub(crate) place: Place,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, patience: Patience, place: Place) -> Self {
        Self {
            stream,
            patience,
            reading_since: None,
            writing_since: None,
            alarm: None,
            place,
        }
    }

    /// What to do while nothing can be done: wait, unless that has been done for too long.
    fn wait<T>(
        &mut self,
        deadline: Option<Instant>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // It may still be set for an earlier deadline, which costs less than setting it for every request.
        loop {
            if alarm.deadline() > deadline {
                alarm.as_mut().reset(deadline);
            }
            match alarm.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if Instant::now() >= deadline => {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                Poll::Ready(()) => alarm.as_mut().reset(deadline),
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
        let before = into.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(context, into);
        match outcome {
            Poll::Ready(_) => {
                if into.filled().len() > before && this.reading_since.is_none() {
                    this.reading_since = Some(Instant::now());
                }
                outcome
            }
            Poll::Pending => {
                let deadline = this
                    .reading_since
                    .map(|since| since + this.patience.request);
                this.wait(deadline, context)
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
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(context, bytes);
        if outcome.is_ready() {
            this.reading_since = None;
            this.writing_since = None;
            return outcome;
        }
        let since = *this.writing_since.get_or_insert_with(Instant::now);
        this.wait(Some(since + this.patience.write), context)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// How many connections there are.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    taken: Arc<AtomicUsize>,
    most: usize,
    metrics: HttpMetrics,
}

impl Places {
    pub(crate) fn new(most: usize, metrics: HttpMetrics) -> Self {
        Self {
            taken: Arc::default(),
            most,
            metrics,
        }
    }

    /// A place for one more connection, be it one too many.
    pub(crate) fn take(&self) -> Place {
        self.metrics.connections.inc();
        Place {
            too_many: self.taken.fetch_add(1, Relaxed) >= self.most,
            places: self.clone(),
        }
    }
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    too_many: bool,
}

impl Place {
    /// What requests know of the place of their connection.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            too_many: self.too_many,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.fetch_sub(1, Relaxed);
        self.places.metrics.connections.dec();
    }
}

/// Whether a connection is one too many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) too_many: bool,
}
