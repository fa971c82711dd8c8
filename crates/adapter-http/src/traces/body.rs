//! The body of a good answer: written at once where it is short, and otherwise while the client takes it.
//!
//! So the longest history takes up no more of the memory than a short one besides itself, however many ask for it, and
//! those who ask for others meanwhile are not kept waiting.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};
use wts_domain::{TicketHistory, Trace};

use super::dto::TraceDto;
use crate::settings::Order;

const BEGINNING: &[u8] = br#"{"success":true,"msg":"query success","traces":["#;
const END: &[u8] = b"]}";
/// How much is written at a time, in bytes, give or take a trace.
const CHUNK: usize = 64 * 1_024;
/// What a trace takes as a rule, in bytes.
const TRACE: usize = 320;

/// The body of the answer with these traces.
///
/// # Errors
///
/// If the first of them cannot be written.
pub(super) fn body(history: Arc<TicketHistory>, order: Order) -> serde_json::Result<BoxBody> {
    let mut writer = Writer::new(history, order);
    let first = writer.chunk()?;
    if writer.ended {
        return Ok(first.boxed());
    }
    let stream = Stream {
        next: first,
        rested: true,
        writer,
    };
    Ok(stream.boxed())
}

/// Writes a whole body, as fast as a client could take it; its length in bytes.
///
/// # Errors
///
/// If a trace cannot be written.
#[cfg(feature = "bench")]
pub fn write_body(history: Arc<TicketHistory>) -> serde_json::Result<usize> {
    let mut writer = Writer::new(history, Order::Asc);
    let mut length = 0;
    while !writer.ended {
        length += writer.chunk()?.len();
    }
    Ok(length)
}

/// Writes the body chunk by chunk.
struct Writer {
    history: Arc<TicketHistory>,
    order: Order,
    /// How many traces have been written.
    written: usize,
    ended: bool,
}

impl Writer {
    fn new(history: Arc<TicketHistory>, order: Order) -> Self {
        Self {
            history,
            order,
            written: 0,
            ended: false,
        }
    }

    /// The next trace to be written.
    fn next(&self) -> Option<&Trace> {
        let traces = &self.history.traces;
        match self.order {
            Order::Asc => traces.get(self.written),
            Order::Desc => traces.iter().rev().nth(self.written),
        }
    }

    /// The next chunk; after the last one, nothing.
    fn chunk(&mut self) -> serde_json::Result<Bytes> {
        let left = self.history.traces.len() - self.written;
        let mut chunk = Vec::with_capacity((BEGINNING.len() + left * TRACE).min(CHUNK + TRACE));
        if self.ended {
            return Ok(Bytes::new());
        }
        if self.written == 0 {
            chunk.extend_from_slice(BEGINNING);
        }
        while let Some(trace) = self.next() {
            if chunk.len() >= CHUNK {
                return Ok(chunk.into());
            }
            if self.written > 0 {
                chunk.push(b',');
            }
            serde_json::to_writer(&mut chunk, &TraceDto::from(trace))?;
            self.written += 1;
        }
        chunk.extend_from_slice(END);
        self.ended = true;
        Ok(chunk.into())
    }
}

/// A body that is too long to be written at once.
struct Stream {
    next: Bytes,
    /// Whether others have had their turn since the last chunk.
    rested: bool,
    writer: Writer,
}

impl MessageBody for Stream {
    type Error = serde_json::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.next.is_empty() {
            return Poll::Ready(None);
        }
        // A client that takes it as fast as it is written would have the thread for itself.
        if !mem::replace(&mut self.rested, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.rested = false;
        let next = self.writer.chunk();
        Poll::Ready(Some(next.map(|next| mem::replace(&mut self.next, next))))
    }
}

#[cfg(test)]
mod tests;
