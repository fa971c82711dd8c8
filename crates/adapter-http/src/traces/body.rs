//! The body of a response with traces: written at once if it is short, otherwise while the client receives it.
//!
//! Our own, since a body that is serialised as a whole takes memory in proportion to the history for as long as its slowest
//! client, and keeps the thread's other requests waiting until it is written.

use std::sync::Arc;

use actix_web::{
    body::{BodyStream, BoxBody, MessageBody},
    rt::task::yield_now,
    web::Bytes,
};
use futures_util::{StreamExt, future::ready, stream};
use wts_domain::{TicketHistory, Trace};

use crate::settings::Order;

const BEGINNING: &[u8] = br#"{"success":true,"msg":"query success","traces":["#;
const END: &[u8] = b"]}";
/// How many bytes are written at a time, give or take a trace.
const CHUNK: usize = 64 * 1_024;
/// How many bytes a trace usually takes.
const TRACE: usize = 320;

/// Returns the body of a response with these traces.
///
/// # Errors
///
/// If one of the first traces cannot be written.
pub(super) fn body(history: Arc<TicketHistory>, order: Order) -> serde_json::Result<BoxBody> {
    let mut writer = BodyWriter::new(history, order);
    let first = writer.chunk()?;
    if writer.has_ended {
        return Ok(first.boxed());
    }
    let rest = stream::unfold(writer, async |mut writer| {
        if writer.has_ended {
            return None;
        }
        // A client that receives as fast as the body is written would keep the thread for itself.
        yield_now().await;
        Some((writer.chunk(), writer))
    });
    let chunks = stream::once(ready(Ok(first))).chain(rest).fuse();
    Ok(BodyStream::new(chunks).boxed())
}

/// Writes a whole body chunk by chunk and returns its length in bytes.
///
/// # Errors
///
/// If a trace cannot be written.
#[cfg(feature = "bench")]
pub fn write_body(history: Arc<TicketHistory>) -> serde_json::Result<usize> {
    let mut writer = BodyWriter::new(history, Order::Asc);
    let mut length = 0;
    while !writer.has_ended {
        length += writer.chunk()?.len();
    }
    Ok(length)
}

/// Writes a body chunk by chunk.
struct BodyWriter {
    history: Arc<TicketHistory>,
    order: Order,
    /// How many traces have been written.
    written: usize,
    has_ended: bool,
}

impl BodyWriter {
    fn new(history: Arc<TicketHistory>, order: Order) -> Self {
        Self {
            history,
            order,
            written: 0,
            has_ended: false,
        }
    }

    fn next(&self) -> Option<&Trace> {
        let mut traces = self.history.traces.iter();
        match self.order {
            Order::Asc => traces.nth(self.written),
            Order::Desc => traces.rev().nth(self.written),
        }
    }

    /// Writes the next chunk.
    fn chunk(&mut self) -> serde_json::Result<Bytes> {
        let left = self.history.traces.len() - self.written;
        let mut chunk = Vec::with_capacity((BEGINNING.len() + left * TRACE).min(CHUNK + TRACE));
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
            serde_json::to_writer(&mut chunk, trace)?;
            self.written += 1;
        }
        chunk.extend_from_slice(END);
        self.has_ended = true;
        Ok(chunk.into())
    }
}

#[cfg(test)]
mod tests;
