//! The body of a response with traces, in JSON or CSV. A short body is serialized at once, a long one is streamed.
//!
//! If a long body were serialized at once, it would use memory in proportion to the history until a slow client had
//! received it, and other requests of the same worker thread would have to wait.

use std::{
    io::{self, Write},
    sync::Arc,
};

use actix_web::{
    body::{BodyStream, BoxBody, MessageBody},
    rt::task::yield_now,
    web::Bytes,
};
use futures_util::{StreamExt, future::ready, stream};
use serde::Serialize;
use wts_domain::{Actor, TicketHistory, Trace, TraceChanges};

use super::{csv, state::StateWriter, view::TracesView};
use crate::{response::Format, settings::Order};

const BODY_START: &[u8] = br#"{"success":true,"msg":"query success","traces":["#;
const STATE_START: &[u8] = br#"],"state":"#;
const BODY_END: &[u8] = b"]}";
const BODY_END_AFTER_STATE: &[u8] = b"}";
/// The size from which a chunk is sent. Its last trace can exceed this size.
const CHUNK_BYTES: usize = 64 * 1_024;
/// The typical length of a trace in JSON, in bytes.
const TYPICAL_TRACE_BYTES: usize = 320;
/// The typical length that `include=changes` adds to a trace, in bytes.
const TYPICAL_CHANGES_BYTES: usize = 160;
/// The typical length that `include=state` adds for a trace, and the length of a state without periods, in bytes.
const TYPICAL_PERIOD_BYTES: usize = 112;
const STATE_BYTES: usize = 320;

/// Returns the body of a response with this view of a history.
///
/// # Errors
///
/// Returns an error if a trace of the first chunk cannot be serialized.
pub(super) fn body(
    history: Arc<TicketHistory>,
    view: TracesView,
    format: Format,
) -> io::Result<BoxBody> {
    let mut writer = BodyWriter::new(history, view, format);
    let first = writer.next_chunk()?;
    if writer.has_ended {
        return Ok(first.boxed());
    }
    let rest = stream::unfold(writer, async |mut writer| {
        while !writer.has_ended {
            // Without the yield, a client that receives as fast as the body is serialized would block the other requests of
            // the thread.
            yield_now().await;
            let chunk = writer.next_chunk();
            // Empty chunks are omitted, because an empty chunk ends a chunked body.
            if !matches!(&chunk, Ok(chunk) if chunk.is_empty()) {
                return Some((chunk, writer));
            }
        }
        None
    });
    let chunks = stream::once(ready(Ok(first))).chain(rest).fuse();
    Ok(BodyStream::new(chunks).boxed())
}

/// Writes a view of a history as the JSON body of `GET /api/v3/get_traces`, without a final line break.
///
/// # Errors
///
/// Returns an error if writing to `out` fails.
pub fn write_traces_json(
    history: Arc<TicketHistory>,
    view: TracesView,
    out: impl Write,
) -> io::Result<()> {
    BodyWriter::new(history, view, Format::Json).write_to(out)
}

/// Writes a view of a history as the CSV body of `GET /api/v3/get_traces`: RFC 4180 in UTF-8 with a byte order mark.
/// The state is not written, because it is not available in CSV.
///
/// # Errors
///
/// Returns an error if writing to `out` fails.
pub fn write_traces_csv(
    history: Arc<TicketHistory>,
    view: TracesView,
    out: impl Write,
) -> io::Result<()> {
    BodyWriter::new(history, view, Format::Csv).write_to(out)
}

/// A trace with the additional members of `include=changes`.
#[derive(Serialize)]
pub(crate) struct TraceWithChanges<'a> {
    #[serde(flatten)]
    trace: &'a Trace,
    actor: &'static str,
    changes: TraceChanges,
}

impl<'a> TraceWithChanges<'a> {
    pub(crate) fn new(trace: &'a Trace, changes: TraceChanges) -> Self {
        Self {
            trace,
            actor: Actor::from(&trace.op).as_str(),
            changes,
        }
    }
}

/// A writer that serializes a body chunk by chunk.
struct BodyWriter {
    history: Arc<TicketHistory>,
    view: TracesView,
    format: Format,
    /// The number of traces in the view.
    count: usize,
    /// The number of traces that have been serialized.
    written: usize,
    /// The writer of the state, which is created when the state is first written.
    state: Option<StateWriter>,
    has_ended: bool,
}

impl BodyWriter {
    fn new(history: Arc<TicketHistory>, view: TracesView, format: Format) -> Self {
        Self {
            count: view.count(&history),
            history,
            view,
            format,
            written: 0,
            state: None,
            has_ended: false,
        }
    }

    fn write_to(mut self, mut out: impl Write) -> io::Result<()> {
        while !self.has_ended {
            out.write_all(&self.next_chunk()?)?;
        }
        Ok(())
    }

    /// Returns the next trace to serialize, with its index in the history; `None` after the last trace.
    fn next_trace(&self) -> Option<(usize, &Trace)> {
        let last = self.count.checked_sub(self.written + 1)?;
        let index = match self.view.order {
            Order::Asc => self.written,
            Order::Desc => last,
        };
        Some((index, self.history.traces.get(index)?))
    }

    /// Returns the approximate length of the next chunk.
    fn next_capacity(&self) -> usize {
        let (mut bytes, mut trace_bytes) = (BODY_START.len(), TYPICAL_TRACE_BYTES);
        if self.view.changes {
            trace_bytes += TYPICAL_CHANGES_BYTES;
        }
        if self.view.state {
            bytes += STATE_BYTES;
            trace_bytes += TYPICAL_PERIOD_BYTES;
        }
        let remaining = self.count - self.written;
        (bytes + remaining * trace_bytes).min(CHUNK_BYTES + trace_bytes)
    }

    /// Serializes the next chunk of the body. Every chunk except the first can be empty.
    fn next_chunk(&mut self) -> io::Result<Bytes> {
        let mut chunk = Vec::with_capacity(self.next_capacity());
        if self.written == 0 {
            match self.format {
                Format::Json => chunk.extend_from_slice(BODY_START),
                Format::Csv => csv::write_header(&mut chunk, self.view.changes),
            }
        }
        while let Some((index, trace)) = self.next_trace() {
            if chunk.len() >= CHUNK_BYTES {
                return Ok(chunk.into());
            }
            let changes = if self.view.changes {
                self.history.changes_at(index)
            } else {
                None
            };
            match self.format {
                Format::Json => {
                    if self.written > 0 {
                        chunk.push(b',');
                    }
                    write_json_trace(&mut chunk, trace, changes)?;
                }
                Format::Csv => csv::write_row(&mut chunk, trace, changes.as_ref())?,
            }
            self.written += 1;
        }
        self.has_ended = match self.format {
            Format::Json => self.write_json_end(&mut chunk)?,
            Format::Csv => true,
        };
        Ok(chunk.into())
    }

    /// Appends the JSON after the last trace, or its next part. Returns whether the body is complete.
    fn write_json_end(&mut self, chunk: &mut Vec<u8>) -> io::Result<bool> {
        if !self.view.state {
            chunk.extend_from_slice(BODY_END);
            return Ok(true);
        }
        let traces = &self.history.traces;
        let state = self.state.get_or_insert_with(|| {
            chunk.extend_from_slice(STATE_START);
            StateWriter::new(traces.is_empty())
        });
        let is_complete = state.write(traces.get(..self.count).unwrap_or_default(), chunk)?;
        if is_complete {
            chunk.extend_from_slice(BODY_END_AFTER_STATE);
        }
        Ok(is_complete)
    }
}

fn write_json_trace(
    chunk: &mut Vec<u8>,
    trace: &Trace,
    changes: Option<TraceChanges>,
) -> io::Result<()> {
    match changes {
        None => serde_json::to_writer(chunk, trace)?,
        Some(changes) => serde_json::to_writer(chunk, &TraceWithChanges::new(trace, changes))?,
    }
    Ok(())
}

#[cfg(test)]
mod tests;
