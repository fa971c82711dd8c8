//! The schema of traces in the OpenAPI description. The `serde` implementations of `wts-domain` serialize traces.

use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{
        RefOr,
        schema::{Array, ArrayBuilder, Schema},
    },
};
use wts_domain::{Actor, Category, HistoryFindingKind, Priority, Status, TicketField};

use crate::labels::{enum_schema, enum_values, new_value_schema};

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
    /// `order=desc` this order is reversed. Empty if the ticket has no traces. With `as_of`, only the traces up to that time.
    traces: Vec<TraceSchema>,
    /// Only with `include=state`: the state that results from the traces.
    #[schema(nullable = false)]
    state: Option<TicketStateSchema>,
}

/// One step in the history of a ticket. A field that the step did not set is `""`.
#[derive(ToSchema)]
#[schema(as = Trace)]
#[expect(dead_code, reason = "only described, not constructed")]
pub(crate) struct TraceSchema {
    /// The unique id of the trace. JavaScript's `JSON.parse` rounds integers above 2^53.
    #[schema(examples(3))]
    opid: i64,
    /// The number of the ticket. JavaScript's `JSON.parse` rounds integers above 2^53.
    #[schema(minimum = 1, examples(123))]
    tid: i64,
    /// The time of the step: RFC 3339 in UTC, with fractional seconds only if they are not zero. The database can hold
    /// values that RFC 3339 cannot represent: years after 9999 or before 0 are in the expanded format of ISO 8601, such as
    /// `+294276-12-31T23:59:59Z`, and the PostgreSQL values `infinity` and `-infinity` are returned as these words.
    #[schema(examples("2025-12-06T15:30:00Z", "infinity"))]
    updated_at: String,
    /// The staff number of the person who took the step; `-1` means the system, `-2` the user who filed the ticket.
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
    #[schema(schema_with = actor, required = false)]
    actor: String,
    /// Only with `include=changes`: the fields whose value this trace changed, in the order status, priority, appointment,
    /// category. Setting a field to its current value is not a change. `order` does not affect the values.
    #[schema(required = false)]
    changes: Vec<FieldChangeSchema>,
}

/// The change of one field.
#[derive(ToSchema)]
#[schema(as = FieldChange)]
#[expect(dead_code, reason = "only described, not constructed")]
struct FieldChangeSchema {
    #[schema(schema_with = field)]
    field: String,
    /// The value before; `""` if the field had no value. A date has no time, such as `2025-12-08`.
    #[schema(examples("fresh", ""))]
    from: String,
    /// The value after. A date has no time.
    #[schema(examples("scheduled", "2025-12-08"))]
    to: String,
}

/// The state that results from the traces of a ticket. It depends on nothing else, not even on the current time. Before the
/// first trace, all strings are `""` and all lists are empty.
#[derive(ToSchema)]
#[schema(as = TicketState)]
#[expect(dead_code, reason = "only described, not constructed")]
struct TicketStateSchema {
    #[schema(schema_with = current_status)]
    status: String,
    #[schema(schema_with = current_priority)]
    priority: String,
    #[schema(schema_with = current_category)]
    category: String,
    /// The date of the appointment, without a time; `""` if there is none.
    #[schema(examples("2025-12-08", ""))]
    appointment: String,
    /// The time at which the ticket got its current status, in the format of `updated_at`; `""` if it has no status.
    #[schema(examples("2025-12-06T15:30:00Z"))]
    status_since: String,
    /// The time of the first trace.
    #[schema(examples("2025-12-06T10:00:00Z"))]
    created_at: String,
    /// The time of the last trace.
    #[schema(examples("2025-12-06T15:30:00Z"))]
    last_updated_at: String,
    /// The periods in which the ticket had one status, oldest first. Only the last period is open. Setting the current
    /// status again does not begin a period.
    time_in_status: Vec<StatusPeriodSchema>,
    /// The rules that the traces violate: each at most once, in the order of the enum.
    #[schema(schema_with = findings)]
    findings: Vec<String>,
}

/// A period in which the ticket had one status.
#[derive(ToSchema)]
#[schema(as = StatusPeriod)]
#[expect(dead_code, reason = "only described, not constructed")]
struct StatusPeriodSchema {
    #[schema(schema_with = period_status)]
    status: String,
    /// The time of the trace that began the period.
    #[schema(examples("2025-12-06T10:00:00Z"))]
    from: String,
    /// The time of the trace that ended the period; `""` while it is open.
    #[schema(examples("2025-12-06T15:30:00Z", ""))]
    until: String,
    /// The length in seconds: the difference between both ends, each rounded down to a whole second. `null` while the period
    /// is open, and if an end is `infinity` or `-infinity`.
    #[schema(required, examples(19800))]
    seconds: Option<i64>,
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

fn actor() -> Schema {
    let description = "Only with `include=changes`: the kind of actor, derived from `op`.";
    enum_schema(description, None, &enum_values!(Actor))
}

fn field() -> Schema {
    enum_schema("The field.", None, &enum_values!(TicketField))
}

fn current_status() -> Schema {
    let description = "The status; `\"\"` if no trace has set one.";
    enum_schema(description, Some("Unset"), &enum_values!(Status))
}

fn current_priority() -> Schema {
    let description = "The priority; `\"\"` if no trace has set one.";
    enum_schema(description, Some("Unset"), &enum_values!(Priority))
}

fn current_category() -> Schema {
    let description = "The category; `\"\"` if no trace has set one.";
    enum_schema(description, Some("Unset"), &enum_values!(Category))
}

fn period_status() -> Schema {
    enum_schema("The status.", None, &enum_values!(Status))
}

fn findings() -> Array {
    let description = "A rule that the traces break. `not_created`: the first trace does not set the status `fresh`. \
                       `out_of_order`: the `opid`s do not ascend with the time.";
    let kind = enum_schema(description, None, &enum_values!(HistoryFindingKind));
    ArrayBuilder::new().items(RefOr::T(kind)).build()
}

/// Returns the example response in the description of the WTS v3 API, with the two fields that it lacks: `op_name` and
/// `new_category`.
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

/// Returns the example response for `include=changes,state`.
pub(super) fn example_with_changes_and_state() -> Value {
    let additions = [
        json!({
            "actor": "system",
            "changes": [
                {"field": "status", "from": "", "to": "fresh"},
                {"field": "priority", "from": "", "to": "mainline"},
            ],
        }),
        json!({
            "actor": "operator",
            "changes": [{"field": "status", "from": "fresh", "to": "solved"}],
        }),
    ];
    let state = json!({
        "status": "solved",
        "priority": "mainline",
        "category": "",
        "appointment": "",
        "status_since": "2025-12-06T15:30:00Z",
        "created_at": "2025-12-06T10:00:00Z",
        "last_updated_at": "2025-12-06T15:30:00Z",
        "time_in_status": [
            {
                "status": "fresh",
                "from": "2025-12-06T10:00:00Z",
                "until": "2025-12-06T15:30:00Z",
                "seconds": 19_800,
            },
            {"status": "solved", "from": "2025-12-06T15:30:00Z", "until": "", "seconds": null},
        ],
        "findings": [],
    });
    let mut body = example();
    let traces = body.get_mut("traces").and_then(Value::as_array_mut);
    for (trace, additions) in traces.into_iter().flatten().zip(additions) {
        add_members(trace, additions);
    }
    add_members(&mut body, json!({ "state": state }));
    body
}

/// Adds the members of `additions` to an object.
fn add_members(object: &mut Value, additions: Value) {
    if let (Value::Object(object), Value::Object(additions)) = (object, additions) {
        object.extend(additions);
    }
}

/// Returns the example response for `format=csv&include=changes`.
pub(super) fn example_csv() -> &'static str {
    concat!(
        "\u{feff}opid,tid,updated_at,op,op_name,new_status,new_priority,new_appointment,new_category,remark,",
        "actor,status_from,priority_from,appointment_from,category_from\r\n",
        "1,123,2025-12-06T10:00:00Z,-1,(系统操作),fresh,mainline,,,工单已创建,system,,,,\r\n",
        "3,123,2025-12-06T15:30:00Z,W007,詹姆斯,solved,,,,\"问题已解决,用户确认网络恢复正常。\",operator,fresh,,,\r\n",
    )
}

/// Returns the example of an event stream.
pub(super) fn example_events() -> String {
    let body = example();
    format!(
        "retry: 2500\n\nevent: traces\nid: W/\"4vsLrvSxvMbzBpJTrFhGqg\"\ndata: {body}\n\n\
         event: end\ndata: {{\"reason\":\"expired\"}}\n\n"
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wts_domain::{StudentId, TicketHistory};

    use super::*;
    use crate::traces::{TracesView, write_traces_csv, write_traces_json};

    #[test]
    fn examples_are_equal_to_serialized_bodies() {
        let traces = serde_json::from_value(example()["traces"].clone()).unwrap();
        let history = Arc::new(TicketHistory::new(StudentId::from("2024310001"), traces));
        let mut view = TracesView::default();
        let json = |view| {
            let mut json = Vec::new();
            write_traces_json(Arc::clone(&history), view, &mut json).unwrap();
            serde_json::from_slice::<Value>(&json).unwrap()
        };
        assert_eq!(json(view), example());
        (view.changes, view.state) = (true, true);
        assert_eq!(json(view), example_with_changes_and_state());
        let mut csv = Vec::new();
        write_traces_csv(history, view, &mut csv).unwrap();
        assert_eq!(String::from_utf8(csv).unwrap(), example_csv());
    }
}
