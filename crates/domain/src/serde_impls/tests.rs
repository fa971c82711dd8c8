//! What the types look like as JSON.

use proptest::prelude::*;
use serde_json::{Value, from_value, json, to_value};

use crate::*;

/// The example of the API's document, to the letter: it leaves out two fields.
const DOCUMENTED: &str = r#"{
    "opid": 3,
    "tid": 123,
    "updated_at": "2025-12-06T15:30:00Z",
    "op": "W007",
    "new_status": "solved",
    "new_priority": "",
    "new_appointment": "",
    "remark": "问题已解决,用户确认网络恢复正常。"
}"#;

fn written_by_document() -> Trace {
    serde_json::from_str(DOCUMENTED).unwrap()
}

#[test]
fn the_documents_example_is_read() {
    let mut expected = Trace::new(
        TraceId::new(3),
        TicketId::new(123).unwrap(),
        "2025-12-06T15:30:00Z".parse().unwrap(),
        StaffId::from("W007"),
    );
    expected.new_status = Some(Status::Solved);
    expected.remark = "问题已解决,用户确认网络恢复正常。".to_owned();
    assert_eq!(written_by_document(), expected);
}

#[test]
fn every_field_is_written_and_what_was_not_changed_is_empty() {
    let expected = concat!(
        r#"{"opid":3,"tid":123,"updated_at":"2025-12-06T15:30:00Z","op":"W007","op_name":"","new_status":"solved","#,
        r#""new_priority":"","new_appointment":"","new_category":"","remark":"问题已解决,用户确认网络恢复正常。"}"#,
    );
    let written = serde_json::to_string(&written_by_document()).unwrap();
    assert_eq!(written, expected);
}

#[test]
fn what_is_no_trace_is_refused_with_a_reason() {
    let but = |name: &str, value: Value| {
        let mut trace = to_value(written_by_document()).unwrap();
        trace[name] = value;
        from_value::<Trace>(trace).map_err(|error| error.to_string())
    };
    assert_eq!(but("new_status", Value::Null).unwrap().new_status, None);
    assert_eq!(but("op_name", Value::Null).unwrap().op_name, "");
    assert_eq!(but("remark", Value::Null).unwrap().remark, "");
    for (name, value, reason) in [
        ("tid", json!(0), "ticket numbers begin at 1"),
        ("tid", json!("123"), "invalid type: string"),
        ("opid", json!(1.5), "invalid type: floating point"),
        ("updated_at", json!(""), "expected a moment in RFC 3339"),
        (
            "updated_at",
            json!("yesterday"),
            "expected a moment in RFC 3339",
        ),
        ("op", Value::Null, "invalid type: null"),
        (
            "new_status",
            json!("Solved"),
            "\"Solved\" is no ticket status",
        ),
        ("new_priority", json!(1), "invalid type: integer"),
        ("new_appointment", json!("2025-02-30"), "expected a day"),
    ] {
        let error = but(name, value.clone()).unwrap_err();
        assert!(error.contains(reason), "{name} = {value}: {error}");
    }
}

#[test]
fn a_history_is_put_in_order_as_it_is_read() {
    let at =
        |id: i64, moment: &str| json!({"opid": id, "tid": 1, "updated_at": moment, "op": "-1"});
    let history: TicketHistory = from_value(json!({
        "issuer": "2024310001",
        "traces": [
            at(5, "2025-12-07T00:00:00Z"),
            at(3, "2025-12-06T00:00:00Z"),
            at(2, "2025-12-07T00:00:00Z"),
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
fn a_ticket_has_the_names_of_its_columns() {
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
fn label_enums_are_their_names() {
    assert_eq!(
        to_value(Access::FormalMember).unwrap(),
        json!("formal-member")
    );
    assert_eq!(
        from_value::<Category>(json!("others")).unwrap(),
        Category::Others
    );
    let error = from_value::<Access>(json!("admin")).unwrap_err();
    assert_eq!(error.to_string(), "\"admin\" is no access rank");
    let error = from_value::<Access>(json!(7)).unwrap_err();
    assert!(error.to_string().ends_with("expected a string"), "{error}");
}

fn one_of<T: Copy + std::fmt::Debug>(list: &'static [T]) -> impl Strategy<Value = Option<T>> {
    prop::option::of(prop::sample::select(list))
}

prop_compose! {
    fn any_trace()(
        id: i64,
        ticket in 1..=i64::MAX,
        moment: i64,
        (op, op_name, remark) in ("\\PC{0,4}", "\\PC{0,4}", "[\\s\\S]{0,20}"),
        status in one_of(Status::ALL),
        priority in one_of(Priority::ALL),
        category in one_of(Category::ALL),
        appointment in prop::option::of(any::<i32>()),
    ) -> Trace {
        let moment = Timestamp::from_micros_since_2000(moment);
        let mut trace = Trace::new(TraceId::new(id), TicketId::new(ticket).unwrap(), moment, op.into());
        trace.op_name = op_name;
        trace.remark = remark;
        trace.new_status = status;
        trace.new_priority = priority;
        trace.new_category = category;
        trace.new_appointment = appointment.map(Day::from_days_since_2000);
        trace
    }
}

proptest! {
    #[test]
    fn every_trace_is_read_back_as_it_was(trace in any_trace()) {
        let written = serde_json::to_string(&trace).unwrap();
        prop_assert_eq!(serde_json::from_str::<Trace>(&written).unwrap(), trace);
    }
}
