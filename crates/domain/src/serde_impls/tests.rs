//! Tests of the JSON forms of the domain types.

use proptest::prelude::*;
use serde_json::{Value, from_value, json, to_value};

use crate::*;

/// The example trace of the API document, unchanged. Two fields are absent from it.
const DOCUMENTED_TRACE: &str = r#"{
    "opid": 3,
    "tid": 123,
    "updated_at": "2025-12-06T15:30:00Z",
    "op": "W007",
    "new_status": "solved",
    "new_priority": "",
    "new_appointment": "",
    "remark": "问题已解决,用户确认网络恢复正常。"
}"#;

fn documented_trace() -> Trace {
    serde_json::from_str(DOCUMENTED_TRACE).unwrap()
}

#[test]
fn documented_example_is_parsed() {
    let mut expected = Trace::new(
        TraceId::new(3),
        TicketId::new(123).unwrap(),
        "2025-12-06T15:30:00Z".parse().unwrap(),
        StaffId::from("W007"),
    );
    expected.new_status = Some(Status::Solved);
    expected.remark = "问题已解决,用户确认网络恢复正常。".to_owned();
    assert_eq!(documented_trace(), expected);
}

#[test]
fn unchanged_field_is_written_as_empty_text() {
    let expected = concat!(
        r#"{"opid":3,"tid":123,"updated_at":"2025-12-06T15:30:00Z","op":"W007","op_name":"","new_status":"solved","#,
        r#""new_priority":"","new_appointment":"","new_category":"","remark":"问题已解决,用户确认网络恢复正常。"}"#,
    );
    let written = serde_json::to_string(&documented_trace()).unwrap();
    assert_eq!(written, expected);
}

#[test]
fn invalid_trace_is_rejected_with_its_reason() {
    let parse_with = |name: &str, value: Value| {
        let mut trace = to_value(documented_trace()).unwrap();
        trace[name] = value;
        from_value::<Trace>(trace).map_err(|error| error.to_string())
    };
    assert_eq!(
        parse_with("new_status", Value::Null).unwrap().new_status,
        None
    );
    assert_eq!(parse_with("op_name", Value::Null).unwrap().op_name, "");
    assert_eq!(parse_with("remark", Value::Null).unwrap().remark, "");
    for (name, value, reason) in [
        ("tid", json!(0), "ticket numbers begin at 1"),
        ("tid", json!("123"), "invalid type: string"),
        ("opid", json!(1.5), "invalid type: floating point"),
        ("updated_at", json!(""), "expected an RFC 3339 timestamp"),
        (
            "updated_at",
            json!("yesterday"),
            "expected an RFC 3339 timestamp",
        ),
        ("op", Value::Null, "invalid type: null"),
        (
            "new_status",
            json!("Solved"),
            "unknown ticket status \"Solved\"",
        ),
        ("new_priority", json!(1), "invalid type: integer"),
        ("new_appointment", json!("2025-02-30"), "expected a date"),
    ] {
        let error = parse_with(name, value.clone()).unwrap_err();
        assert!(error.contains(reason), "{name} = {value}: {error}");
    }
}

#[test]
fn parsed_history_is_sorted() {
    let trace = |id: i64, at: &str| json!({"opid": id, "tid": 1, "updated_at": at, "op": "-1"});
    let history: TicketHistory = from_value(json!({
        "issuer": "2024310001",
        "traces": [
            trace(5, "2025-12-07T00:00:00Z"),
            trace(3, "2025-12-06T00:00:00Z"),
            trace(2, "2025-12-07T00:00:00Z"),
        ],
    }))
    .unwrap();

    let ids: Vec<_> = history.traces.iter().map(|trace| trace.id.get()).collect();
    assert_eq!(ids, [3, 2, 5]);
    assert_eq!(
        from_value::<TicketHistory>(to_value(&history).unwrap()).unwrap(),
        history
    );
}

#[test]
fn ticket_members_have_the_names_of_the_columns() {
    let ticket = Ticket::new(
        TicketId::new(1).unwrap(),
        StudentId::from("2024310001"),
        "2025-12-06T10:00:00Z".parse().unwrap(),
        Category::LowSpeed,
        "慢".to_owned(),
    );
    let written = to_value(&ticket).unwrap();
    assert_eq!(
        written,
        json!({
            "tid": 1, "issuer": "2024310001", "submitted_at": "2025-12-06T10:00:00Z", "category": "low-speed",
            "description": "慢", "occur_at": null, "notes": null, "appointed_at": null, "priority": "mainline",
            "status": "fresh", "last_updated_at": null,
        })
    );
    assert_eq!(from_value::<Ticket>(written).unwrap(), ticket);
}

#[test]
fn label_enum_is_written_as_its_name() {
    assert_eq!(
        to_value(Access::FormalMember).unwrap(),
        json!("formal-member")
    );
    assert_eq!(
        from_value::<Category>(json!("others")).unwrap(),
        Category::Others
    );
    let error = from_value::<Access>(json!("admin")).unwrap_err();
    assert_eq!(error.to_string(), "unknown access rank \"admin\"");
    let error = from_value::<Access>(json!(7)).unwrap_err();
    assert!(error.to_string().ends_with("expected a string"), "{error}");
}

fn optional<T: Copy + std::fmt::Debug>(values: &'static [T]) -> impl Strategy<Value = Option<T>> {
    prop::option::of(prop::sample::select(values))
}

prop_compose! {
    fn any_trace()(
        id: i64,
        ticket in 1..=i64::MAX,
        micros: i64,
        (op, op_name, remark) in ("\\PC{0,4}", "\\PC{0,4}", "[\\s\\S]{0,20}"),
        status in optional(Status::ALL),
        priority in optional(Priority::ALL),
        category in optional(Category::ALL),
        appointment in prop::option::of(any::<i32>()),
    ) -> Trace {
        let at = Timestamp::from_micros_since_2000(micros);
        let mut trace = Trace::new(TraceId::new(id), TicketId::new(ticket).unwrap(), at, op.into());
        trace.op_name = op_name;
        trace.remark = remark;
        trace.new_status = status;
        trace.new_priority = priority;
        trace.new_category = category;
        trace.new_appointment = appointment.map(Date::from_days_since_2000);
        trace
    }
}

proptest! {
    #[test]
    fn written_trace_is_parsed_back(trace in any_trace()) {
        let written = serde_json::to_string(&trace).unwrap();
        prop_assert_eq!(serde_json::from_str::<Trace>(&written).unwrap(), trace);
    }
}
