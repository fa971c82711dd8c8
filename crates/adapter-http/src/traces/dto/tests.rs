//! What a trace looks like to a client.

use wts_domain::{Category, Priority, StaffId, Status, TicketId, TraceId};

use super::*;

fn trace(id: i64) -> Trace {
    let moment = Timestamp::from_unix_seconds(1_765_015_200).unwrap();
    Trace::new(
        TraceId::new(id),
        TicketId::new(123).unwrap(),
        moment,
        StaffId::from("-1"),
    )
}

fn written(traces: &[Trace], order: Order) -> String {
    serde_json::to_string(&TracesBody::new(traces, order)).unwrap()
}

#[test]
fn a_trace_that_changed_nothing_has_every_field_and_empty_texts() {
    assert_eq!(
        written(&[trace(1)], Order::Asc),
        concat!(
            r#"{"success":true,"msg":"query success","traces":[{"opid":1,"tid":123,"updated_at":"2025-12-06T10:00:00Z","#,
            r#""op":"-1","op_name":"","new_status":"","new_priority":"","new_appointment":"","new_category":"","remark":""}]}"#
        )
    );
}

#[test]
fn a_trace_that_changed_everything_says_so_in_the_documents_words() {
    let mut trace = trace(i64::MAX);
    trace.op = StaffId::from("W007");
    trace.op_name = "詹姆斯".to_owned();
    trace.new_status = Some(Status::Scheduled);
    trace.new_priority = Some(Priority::InPassing);
    trace.new_appointment = Some(Day::from_ymd(2025, 12, 8).unwrap());
    trace.new_category = Some(Category::ClientOrAccount);
    trace.remark = "\"\\\n\u{0}\u{1f600}</script>".to_owned();
    let body: serde_json::Value = serde_json::from_str(&written(&[trace], Order::Asc)).unwrap();
    assert_eq!(
        body["traces"][0],
        serde_json::json!({
            "opid": i64::MAX,
            "tid": 123,
            "updated_at": "2025-12-06T10:00:00Z",
            "op": "W007",
            "op_name": "詹姆斯",
            "new_status": "scheduled",
            "new_priority": "in-passing",
            "new_appointment": "2025-12-08T00:00:00Z",
            "new_category": "client-or-account",
            "remark": "\"\\\n\u{0}\u{1f600}</script>",
        })
    );
}

#[test]
fn newest_first_is_oldest_first_turned_round() {
    let traces = [trace(9), trace(2), trace(5)];
    let opids = |order| {
        let body: serde_json::Value = serde_json::from_str(&written(&traces, order)).unwrap();
        body["traces"]
            .as_array()
            .unwrap()
            .iter()
            .map(|trace| trace["opid"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(opids(Order::Asc), [9, 2, 5]);
    assert_eq!(opids(Order::Desc), [5, 2, 9]);
    assert!(written(&[], Order::Desc).ends_with(r#""traces":[]}"#));
}
