//! The JSON body of a response with traces: serialised at once if it is short, otherwise streamed.
//!
//! A long body is not serialised at once, because it would occupy memory in proportion to the history until a slow client
//! has received it, and would block the other requests of the worker thread in the meantime.

use std::sync::Arc;

use actix_web::{
    body::{BodyStream, BoxBody, MessageBody},
    rt::task::yield_now,
    web::Bytes,
};
use futures_util::{StreamExt, future::ready, stream};
use wts_domain::{TicketHistory, Trace};

use crate::settings::Order;

const BODY_START: &[u8] = br#"{"success":true,"msg":"query success","traces":["#;
const BODY_END: &[u8] = b"]}";
/// The length of a chunk; the last trace may exceed it.
const CHUNK_BYTES: usize = 64 * 1_024;
/// The length of a typical trace in JSON.
const TYPICAL_TRACE_BYTES: usize = 320;

/// Returns the body of a response with these traces.
///
/// # Errors
///
/// Returns an error if a trace of the first chunk cannot be serialised.
pub(super) fn body(history: Arc<TicketHistory>, order: Order) -> serde_json::Result<BoxBody> {
    let mut writer = BodyWriter::new(history, order);
    let first = writer.next_chunk()?;
    if writer.has_ended {
        return Ok(first.boxed());
    }
    let rest = stream::unfold(writer, async |mut writer| {
        if writer.has_ended {
            return None;
        }
        // A client that receives as fast as the body is serialised must not block other requests of the thread.
        yield_now().await;
        Some((writer.next_chunk(), writer))
    });
    let chunks = stream::once(ready(Ok(first))).chain(rest).fuse();
    Ok(BodyStream::new(chunks).boxed())
}

/// Serialises a whole body chunk by chunk and returns its length in bytes.
///
/// # Errors
///
/// Returns an error if a trace cannot be serialised.
#[cfg(feature = "bench")]
pub fn write_body(history: Arc<TicketHistory>) -> serde_json::Result<usize> {
    let mut writer = BodyWriter::new(history, Order::Asc);
    let mut length = 0;
    while !writer.has_ended {
        length += writer.next_chunk()?.len();
    }
    Ok(length)
}

/// Serialises a body chunk by chunk.
struct BodyWriter {
    history: Arc<TicketHistory>,
    order: Order,
    /// The number of traces serialised so far.
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

    /// Returns the next trace to serialise.
    fn next_trace(&self) -> Option<&Trace> {
        let mut traces = self.history.traces.iter();
        match self.order {
            Order::Asc => traces.nth(self.written),
            Order::Desc => traces.rev().nth(self.written),
        }
    }

    /// Serialises the next chunk.
    fn next_chunk(&mut self) -> serde_json::Result<Bytes> {
        let remaining = self.history.traces.len() - self.written;
        let mut chunk = Vec::with_capacity(
            (BODY_START.len() + remaining * TYPICAL_TRACE_BYTES)
                .min(CHUNK_BYTES + TYPICAL_TRACE_BYTES),
        );
        if self.written == 0 {
            chunk.extend_from_slice(BODY_START);
        }
        while let Some(trace) = self.next_trace() {
            if chunk.len() >= CHUNK_BYTES {
                return Ok(chunk.into());
            }
            if self.written > 0 {
                chunk.push(b',');
            }
            serde_json::to_writer(&mut chunk, trace)?;
            self.written += 1;
        }
        chunk.extend_from_slice(BODY_END);
        self.has_ended = true;
        Ok(chunk.into())
    }
}

#[cfg(test)]
mod tests;
