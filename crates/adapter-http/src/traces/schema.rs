//! The schema of traces in the OpenAPI description. The `serde` implementations of `wts-domain` serialize traces.

use serde_json::{Value, json};
use utoipa::{ToSchema, openapi::schema::Schema};
use wts_domain::{Category, Priority, Status};

use crate::labels::{enum_values, new_value_schema};

/// The body of a response with traces.
#[derive(ToSchema)]
#[schema(as = Traces)]
#[expect(dead_code, reason = "only described, not constructed")]
pub(crate) struct TracesBody {
    /// Always `true`.
    #[schema(examples(true))]
    success: bool,
    /// A human-readable message.
    #[schema(examples("query success"))]
    msg: String,
    /// All traces of the ticket, oldest first; traces with the same `updated_at` are in ascending order of `opid`. With
    /// `order=desc` this order is reversed. Empty if the ticket has no traces.
    traces: Vec<TraceSchema>,
}

/// One step in the history of a ticket. A field that the step did not change is `""`.
#[derive(ToSchema)]
#[schema(as = Trace)]
#[expect(dead_code, reason = "only described, not constructed")]
struct TraceSchema {
    /// The unique id of the trace.
    #[schema(examples(3))]
    opid: i64,
    /// The number of the ticket.
    #[schema(minimum = 1, examples(123))]
    tid: i64,
    /// The time of the step: RFC 3339 in UTC, with fractional seconds only if they are not zero. The database can hold
    /// values that RFC 3339 cannot represent: years after 9999 or before 0 are in the expanded format of ISO 8601, such as
    /// `+294276-12-31T23:59:59Z`, and the PostgreSQL values `infinity` and `-infinity` are returned as these words.
    #[schema(examples("2025-12-06T15:30:00Z", "infinity"))]
    updated_at: String,
    /// The staff number of the person who took the step; `-1` stands for the system, `-2` for the user who owns the ticket.
    #[schema(examples("W007", "-1", "-2"))]
    op: String,
    /// The name of that person; `""` if unknown.
    #[schema(examples("詹姆斯", ""))]
    op_name: String,
    #[schema(schema_with = status)]
    new_status: String,
    #[schema(schema_with = priority)]
    new_priority: String,
    /// The new day of the appointment, written as midnight UTC in the format of `updated_at`; `""` if unchanged.
    #[schema(examples("2025-12-08T00:00:00Z", ""))]
    new_appointment: String,
    #[schema(schema_with = category)]
    new_category: String,
    /// The remark on the step: free text, often empty.
    #[schema(examples("问题已解决,用户确认网络恢复正常。"))]
    remark: String,
}

fn status() -> Schema {
    new_value_schema("The new status of the ticket", &enum_values!(Status))
}

fn priority() -> Schema {
    new_value_schema("The new priority of the ticket", &enum_values!(Priority))
}

fn category() -> Schema {
    new_value_schema("The new category of the ticket", &enum_values!(Category))
}

/// Returns the example of the API document, with the two fields that are absent from it: `op_name` and `new_category`.
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
