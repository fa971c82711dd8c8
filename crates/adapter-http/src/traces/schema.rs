//! Traces in the API's description. They are written by the domain's `serde` forms.

use serde_json::{Value, json};
use utoipa::{ToSchema, openapi::schema::Schema};
use wts_domain::{Category, Priority, Status};

use crate::labels::{label_values, schema_of_labels};

/// The body of a response with traces.
#[derive(ToSchema)]
#[schema(as = Traces)]
#[expect(dead_code, reason = "only described, not constructed")]
pub(crate) struct TracesBody {
    /// Always true.
    #[schema(examples(true))]
    success: bool,
    /// The same, for people.
    #[schema(examples("query success"))]
    msg: String,
    /// What was done to the ticket, the oldest first, what happened at the same moment by ascending `opid`;
    /// with `order=desc` the other way round. Empty where nothing was done.
    traces: Vec<TraceSchema>,
}

/// One step in a ticket's history. What it did not change is `""`.
#[derive(ToSchema)]
#[schema(as = Trace)]
#[expect(dead_code, reason = "only described, not constructed")]
struct TraceSchema {
    /// The trace's own number, unique.
    #[schema(examples(3))]
    opid: i64,
    /// The ticket that it belongs to.
    #[schema(minimum = 1, examples(123))]
    tid: i64,
    /// When it was done: RFC 3339 in UTC, with a fraction of a second only where there is one. Of what a database may hold
    /// and RFC 3339 not, years beyond 9999 or before 0 are in ISO 8601's expanded form, `+294276-12-31T23:59:59Z`, and
    /// PostgreSQL's `infinity` and `-infinity` are those words.
    #[schema(examples("2025-12-06T15:30:00Z", "infinity"))]
    updated_at: String,
    /// The staff number of who did it; `-1` is the system, `-2` the user themself.
    #[schema(examples("W007", "-1", "-2"))]
    op: String,
    /// Their name, `""` where unknown.
    #[schema(examples("詹姆斯", ""))]
    op_name: String,
    #[schema(schema_with = status)]
    new_status: String,
    #[schema(schema_with = priority)]
    new_priority: String,
    /// The day that was set for a visit, written as its UTC midnight in the same forms, `""` if it stayed as it was.
    #[schema(examples("2025-12-08T00:00:00Z", ""))]
    new_appointment: String,
    #[schema(schema_with = category)]
    new_category: String,
    /// What they had to say, often nothing. Free text.
    #[schema(examples("问题已解决,用户确认网络恢复正常。"))]
    remark: String,
}

fn status() -> Schema {
    schema_of_labels(
        "The status that the ticket was given",
        &label_values!(Status),
    )
}

fn priority() -> Schema {
    schema_of_labels(
        "The priority that the ticket was given",
        &label_values!(Priority),
    )
}

fn category() -> Schema {
    schema_of_labels(
        "What the ticket was found to be about",
        &label_values!(Category),
    )
}

/// The example of the API's document, and the two fields that it leaves out although its table has them.
pub(super) fn example() -> Value {
    json!({
        "success": true,
        "msg": "query success",
        "traces": [
            {
                "opid": 1,
                "tid": 123,
                "updated_at": "2025-12-06T10:00:00Z",
                "op": "-1",
                "op_name": "(系统操作)",
                "new_status": "fresh",
                "new_priority": "mainline",
                "new_appointment": "",
                "new_category": "",
                "remark": "工单已创建",
            },
            {
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
            },
        ],
    })
}
