//! The schema of a page of the feed in the OpenAPI description.

use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::traces::TraceSchema;

/// A page of the feed.
#[derive(ToSchema)]
#[schema(as = Feed)]
#[expect(dead_code, reason = "only described, not constructed")]
pub(crate) struct FeedBody {
    /// Always `true`.
    #[schema(examples(true))]
    success: bool,
    /// A human-readable message.
    #[schema(examples("query success"))]
    msg: String,
    /// The traces in the order of `opid`: ascending, or descending with `order=desc`.
    #[schema(max_items = 1000)]
    traces: Vec<TraceSchema>,
    /// The `cursor` of the next page in the same order, also if the page is empty.
    #[schema(examples("AQAAAAAAAAAAew"))]
    next_cursor: String,
    /// Only in the first page with `order=desc`: use this `cursor` with `order=asc` to get the traces added later. It can
    /// also return traces of this page again.
    #[schema(required = false, examples("AQAAAAAAAAAAew"))]
    live_cursor: String,
    /// Whether the next page can be read now. If it is `true`, a page can still have fewer traces than `limit`, or none.
    has_more: bool,
    /// The tickets of `tid` that do not exist or that the caller may not read, in the order of the request.
    #[schema(max_items = 100, examples(json!([124])))]
    denied: Vec<i64>,
}

/// Returns the example of a page.
pub(super) fn example() -> Value {
    page(
        &json!([{
            "opid": 3,
            "tid": 123,
            "updated_at": "2025-12-06T15:30:00Z",
            "op": "W007",
            "op_name": "詹姆斯",
            "new_status": "solved",
            "new_priority": "",
            "new_appointment": "",
            "new_category": "",
            "remark": "问题已解决,用户确认网络恢复正常。",
        }]),
        &json!([124]),
    )
}

/// Returns the example of the end of the feed.
pub(super) fn empty_example() -> Value {
    page(&json!([]), &json!([]))
}

/// Returns the example of an event stream.
pub(super) fn example_events() -> String {
    let page = example();
    let trace = page.pointer("/traces/0").unwrap_or(&Value::Null);
    format!(
        "retry: 2500\n\nevent: denied\ndata: [124]\n\n\
         event: trace\nid: AQAAAAAAAAAAAw\ndata: {trace}\n\n\
         event: end\ndata: {{\"reason\":\"expired\"}}\n\n"
    )
}

fn page(traces: &Value, denied: &Value) -> Value {
    json!({
        "success": true,
        "msg": "query success",
        "traces": traces,
        "next_cursor": "AQAAAAAAAAAAAw",
        "has_more": false,
        "denied": denied,
    })
}

#[cfg(test)]
mod tests {
    use wts_app::{FeedPosition, ListedTraces, TracePage};
    use wts_domain::{TicketId, TraceId};

    use super::*;
    use crate::feed::body::body;

    #[test]
    fn examples_equal_written_bodies() {
        for (example, denied) in [(example(), Some(124)), (empty_example(), None)] {
            let listed = ListedTraces {
                page: TracePage {
                    traces: serde_json::from_value(example["traces"].clone()).unwrap(),
                    next: FeedPosition::After(TraceId::new(3)),
                    has_more: false,
                    settled: Some(TraceId::new(3)),
                },
                changes: None,
                denied: denied.and_then(TicketId::new).into_iter().collect(),
            };
            let written = body(FeedPosition::Oldest, &listed).unwrap();
            let written: Value = serde_json::from_slice(&written).unwrap();
            assert_eq!(written, example);
        }
    }
}
