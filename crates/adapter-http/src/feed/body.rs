//! The JSON body of a page of the feed.

use serde::Serialize;
use wts_app::{FeedPosition, ListedTraces, TracePage};
use wts_domain::{TicketId, Trace, TraceChanges};

use super::cursor;
use crate::traces::TraceWithChanges;

#[derive(Serialize)]
struct Body<'a> {
    success: bool,
    msg: &'static str,
    traces: Vec<FeedTrace<'a>>,
    next_cursor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    live_cursor: Option<String>,
    has_more: bool,
    denied: &'a [TicketId],
}

#[derive(Serialize)]
#[serde(untagged)]
enum FeedTrace<'a> {
    Plain(&'a Trace),
    WithChanges(TraceWithChanges<'a>),
}

/// Returns a trace of an event stream in JSON.
///
/// # Errors
///
/// Returns an error if the trace cannot be serialized.
pub(super) fn trace(trace: &Trace, changes: Option<TraceChanges>) -> serde_json::Result<String> {
    serde_json::to_string(&match changes {
        None => FeedTrace::Plain(trace),
        Some(changes) => FeedTrace::WithChanges(TraceWithChanges::new(trace, changes)),
    })
}

/// Returns the JSON object of a trace, on one line, as in the feed.
///
/// # Errors
///
/// Returns an error if the trace cannot be serialized.
pub fn trace_json(trace: &Trace) -> serde_json::Result<String> {
    self::trace(trace, None)
}

/// Returns the body of a page that was requested from `start`.
///
/// # Errors
///
/// Returns an error if a trace cannot be serialized.
pub(super) fn body(start: FeedPosition, listed: &ListedTraces) -> serde_json::Result<Vec<u8>> {
    let ListedTraces {
        page,
        changes,
        denied,
    } = listed;
    let traces = match changes {
        None => page.traces.iter().map(FeedTrace::Plain).collect(),
        Some(changes) => page
            .traces
            .iter()
            .zip(changes)
            .map(|(trace, changes)| FeedTrace::WithChanges(TraceWithChanges::new(trace, *changes)))
            .collect(),
    };
    serde_json::to_vec(&Body {
        success: true,
        msg: "query success",
        traces,
        next_cursor: cursor::encode(page.next),
        live_cursor: live_position(start, page).map(cursor::encode),
        has_more: page.has_more,
        denied,
    })
}

/// Returns the position after which a client gets the traces added later, in ascending order. Returns `None` unless the
/// page begins with the newest trace.
fn live_position(start: FeedPosition, page: &TracePage) -> Option<FeedPosition> {
    (start == FeedPosition::Newest)
        .then_some(page.settled)
        .flatten()
        .map(FeedPosition::After)
}
