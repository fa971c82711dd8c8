//! Tests of response bodies: their content, the order of traces, and chunks.

use std::{future::poll_fn, pin::Pin, task::Poll};

use actix_web::body::BodySize;
use proptest::prelude::*;
use serde_json::{Value, json};
use wts_domain::{
    Category, Date, Priority, StaffId, Status, StudentId, TicketId, TicketState, Timestamp,
    TraceId, trace_changes,
};

use super::*;

fn trace(id: i64) -> Trace {
    let timestamp = Timestamp::from_unix_seconds(1_765_015_200).unwrap();
    Trace::new(
        TraceId::new(id),
        TicketId::new(123).unwrap(),
        timestamp,
        StaffId::from("-1"),
    )
}

fn body_of(traces: Vec<Trace>, order: Order) -> BoxBody {
    let view = TracesView {
        order,
        ..TracesView::default()
    };
    body(history_of(traces), view, Format::Json).unwrap()
}

fn history_of(traces: Vec<Trace>) -> Arc<TicketHistory> {
    Arc::new(TicketHistory::new(StudentId::from("2024310001"), traces))
}

/// Returns the chunks of a body.
async fn chunks(mut body: BoxBody) -> Vec<Bytes> {
    let mut chunks = Vec::new();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
        chunks.push(chunk.unwrap());
    }
    chunks
}

async fn serialized(traces: Vec<Trace>, order: Order) -> String {
    String::from_utf8(chunks(body_of(traces, order)).await.concat()).unwrap()
}

#[tokio::test]
async fn unchanged_fields_are_empty_strings() {
    assert_eq!(
        serialized(vec![trace(1)], Order::Asc).await,
        concat!(
            r#"{"success":true,"msg":"query success","traces":[{"opid":1,"tid":123,"updated_at":"2025-12-06T10:00:00Z","#,
            r#""op":"-1","op_name":"","new_status":"","new_priority":"","new_appointment":"","new_category":"","remark":""}]}"#
        )
    );
}

#[tokio::test]
async fn descending_order_is_the_reverse_of_ascending_order() {
    assert_eq!(opids(3, Order::Asc).await, [1, 2, 3]);
    assert_eq!(opids(3, Order::Desc).await, [3, 2, 1]);
    assert!(
        serialized(vec![], Order::Desc)
            .await
            .ends_with(r#""traces":[]}"#)
    );
}

async fn opids(traces: i64, order: Order) -> Vec<i64> {
    let text = serialized((1..=traces).map(trace).collect(), order).await;
    let body: Value = serde_json::from_str(&text).unwrap();
    let traces = body["traces"].as_array().unwrap();
    traces
        .iter()
        .map(|trace| trace["opid"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn short_body_is_one_chunk_of_known_length() {
    let body = body_of((1..=100).map(trace).collect(), Order::Asc);
    let BodySize::Sized(length) = body.size() else {
        panic!("expected a known length");
    };
    let chunks = chunks(body).await;
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks.concat().len() as u64, length);
}

#[tokio::test]
async fn long_body_is_streamed_in_bounded_chunks() {
    let body = body_of((1..=20_000).map(trace).collect(), Order::Asc);
    assert_eq!(body.size(), BodySize::Stream);

    let chunks = chunks(body).await;

    assert!(chunks.len() > 20, "{} chunks", chunks.len());
    assert!(chunks.iter().all(|chunk| chunk.len() < CHUNK_BYTES + 1_024));
    assert_eq!(
        opids(20_000, Order::Asc).await,
        (1..=20_000).collect::<Vec<_>>()
    );
    assert_eq!(
        opids(20_000, Order::Desc).await,
        (1..=20_000).rev().collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn stream_yields_between_chunks() {
    let mut body = body_of((1..=20_000).map(trace).collect(), Order::Asc);
    let mut polls = Vec::new();
    for _ in 0..4 {
        let ready =
            poll_fn(|context| Poll::Ready(Pin::new(&mut body).poll_next(context).is_ready())).await;
        polls.push(ready);
    }
    assert_eq!(polls, [true, false, true, false]);
}

/// Returns the JSON of a view, and asserts that the streamed body is equal to it.
fn json_of(history: &Arc<TicketHistory>, view: TracesView) -> Value {
    let mut json = Vec::new();
    write_traces_json(Arc::clone(history), view, &mut json).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// Returns the JSON of a view, computed with the functions of the domain crate.
fn expected_json(history: &TicketHistory, view: TracesView) -> Value {
    let as_of = view.as_of.unwrap_or(Timestamp::INFINITY);
    let mut traces: Vec<Value> = trace_changes(&history.traces)
        .filter(|(trace, _)| trace.updated_at <= as_of)
        .map(|(trace, changes)| {
            let mut json = json!(trace);
            if view.changes {
                json["actor"] = json!(Actor::from(&trace.op));
                json["changes"] = json!(changes);
            }
            json
        })
        .collect();
    if view.order == Order::Desc {
        traces.reverse();
    }
    let mut body = json!({"success": true, "msg": "query success", "traces": traces});
    if view.state {
        body["state"] = json!(TicketState::from_traces_as_of(&history.traces, as_of));
    }
    body
}

#[test]
fn included_members_come_after_the_other_members() {
    let mut created = trace(1);
    created.new_status = Some(Status::Fresh);
    let view = TracesView {
        changes: true,
        state: true,
        ..TracesView::default()
    };
    let mut json = Vec::new();
    write_traces_json(history_of(vec![created]), view, &mut json).unwrap();
    let expected = concat!(
        r#"{"success":true,"msg":"query success","traces":[{"opid":1,"tid":123,"updated_at":"2025-12-06T10:00:00Z","#,
        r#""op":"-1","op_name":"","new_status":"fresh","new_priority":"","new_appointment":"","new_category":"","remark":"","#,
        r#""actor":"system","changes":[{"field":"status","from":"","to":"fresh"}]}],"#,
        r#""state":{"status":"fresh","priority":"","category":"","appointment":"","status_since":"2025-12-06T10:00:00Z","#,
        r#""created_at":"2025-12-06T10:00:00Z","last_updated_at":"2025-12-06T10:00:00Z","#,
        r#""time_in_status":[{"status":"fresh","from":"2025-12-06T10:00:00Z","until":"","seconds":null}],"findings":[]}}"#,
    );
    assert_eq!(String::from_utf8(json).unwrap(), expected);
}

#[test]
fn finding_no_traces_is_only_in_the_state_without_traces() {
    let view = TracesView {
        state: true,
        as_of: Some(Timestamp::NEG_INFINITY),
        ..TracesView::default()
    };
    for (traces, findings) in [(vec![], json!(["no_traces"])), (vec![trace(1)], json!([]))] {
        let body = json_of(&history_of(traces), view);
        assert_eq!(body["traces"], json!([]));
        assert_eq!(body["state"]["findings"], findings);
        assert_eq!(body["state"]["created_at"], "");
    }
}

/// Returns a history in which every trace changes the status, so that the state is long too.
fn history_of_status_changes(length: i64) -> Arc<TicketHistory> {
    let traces = (1..=length).map(|id| {
        let mut trace = trace(id);
        trace.updated_at = Timestamp::from_micros_since_2000(id * 500_000);
        trace.new_status = Some([Status::Scheduled, Status::Delay][usize::from(id % 2 == 0)]);
        trace
    });
    history_of(traces.collect())
}

#[tokio::test]
async fn long_state_is_streamed_in_bounded_chunks() {
    let history = history_of_status_changes(5_000);
    for order in [Order::Asc, Order::Desc] {
        let view = TracesView {
            order,
            changes: true,
            state: true,
            as_of: Some(history.traces[4_200].updated_at),
        };
        let body = body(Arc::clone(&history), view, Format::Json).unwrap();
        assert_eq!(body.size(), BodySize::Stream);
        let chunks = chunks(body).await;
        assert!(
            chunks
                .iter()
                .all(|chunk| !chunk.is_empty() && chunk.len() < 2 * CHUNK_BYTES)
        );
        let body: Value = serde_json::from_slice(&chunks.concat()).unwrap();
        assert_eq!(body, expected_json(&history, view));
    }
}

/// The state is computed from all traces before anything is serialized. No empty chunk may be sent meanwhile, because it
/// would end the body (RFC 9112 7.1).
#[tokio::test]
async fn state_of_a_long_history_sends_no_empty_chunk() {
    let history = history_of((1..=5_000).map(trace).collect());
    let view = TracesView {
        state: true,
        ..TracesView::default()
    };
    let chunks = chunks(body(Arc::clone(&history), view, Format::Json).unwrap()).await;
    assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
    let body: Value = serde_json::from_slice(&chunks.concat()).unwrap();
    assert_eq!(body, expected_json(&history, view));
}

#[tokio::test]
async fn long_csv_is_streamed_in_bounded_chunks() {
    let history = history_of_status_changes(5_000);
    let view = TracesView {
        order: Order::Desc,
        changes: true,
        ..TracesView::default()
    };
    let body = body(Arc::clone(&history), view, Format::Csv).unwrap();
    assert_eq!(body.size(), BodySize::Stream);
    let chunks = chunks(body).await;
    assert!(chunks.iter().all(|chunk| chunk.len() < CHUNK_BYTES + 1_024));
    let csv = String::from_utf8(chunks.concat()).unwrap();
    let opids: Vec<i64> = csv
        .lines()
        .skip(1)
        .map(|row| row.split(',').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(opids, (1..=5_000).rev().collect::<Vec<_>>());
    let mut written = Vec::new();
    write_traces_csv(history, view, &mut written).unwrap();
    assert_eq!(csv.as_bytes(), written);
}

/// Generates histories whose timestamps are often equal or infinite.
fn histories() -> impl Strategy<Value = Arc<TicketHistory>> {
    let at = prop_oneof![
        (-4..4_i64).prop_map(|n| Timestamp::from_micros_since_2000(n * 700_000)),
        any::<i64>().prop_map(Timestamp::from_micros_since_2000),
        Just(Timestamp::INFINITY),
        Just(Timestamp::NEG_INFINITY),
    ];
    let day = prop::sample::select(vec![Date::INFINITY, Date::from_days_since_2000(9_473)]);
    let fields = (
        prop::option::of(prop::sample::select(Status::ALL)),
        prop::option::of(prop::sample::select(Priority::ALL)),
        prop::option::of(day),
        prop::option::of(prop::sample::select(Category::ALL)),
    );
    let op = prop::sample::select(vec!["-1", "-2", "W007", ""]);
    let row = (any::<i8>(), at, op, any::<String>(), fields);
    prop::collection::vec(row, 0..12).prop_map(|rows| {
        let traces = rows.into_iter().map(|(id, at, op, text, fields)| {
            let ticket = TicketId::new(123).unwrap();
            let mut trace = Trace::new(TraceId::new(id.into()), ticket, at, StaffId::from(op));
            (trace.new_status, trace.new_priority) = (fields.0, fields.1);
            (trace.new_appointment, trace.new_category) = (fields.2, fields.3);
            trace.remark = text;
            trace
        });
        history_of(traces.collect())
    })
}

proptest! {
    #[test]
    fn changes_and_state_are_those_of_the_domain(
        history in histories(),
        is_desc: bool,
        changes: bool,
        state: bool,
        as_of in prop::option::of(-5..5_i64),
    ) {
        let view = TracesView {
            order: if is_desc { Order::Desc } else { Order::Asc },
            changes,
            state,
            as_of: as_of.map(|n| Timestamp::from_micros_since_2000(n * 700_000)),
        };
        prop_assert_eq!(json_of(&history, view), expected_json(&history, view));
    }
}
