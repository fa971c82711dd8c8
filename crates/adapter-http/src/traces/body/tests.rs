//! What a trace looks like to a client.

use std::future::poll_fn;

use wts_domain::{
    Category, Day, Priority, StaffId, Status, StudentId, TicketId, Timestamp, TraceId,
};

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

fn body_of(traces: Vec<Trace>, order: Order) -> BoxBody {
    let issuer = StudentId::from("2024310001");
    body(Arc::new(TicketHistory::new(issuer, traces)), order).unwrap()
}

/// The chunks that the body is sent in.
async fn chunks(mut body: BoxBody) -> Vec<Bytes> {
    let mut chunks = Vec::new();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
        chunks.push(chunk.unwrap());
    }
    chunks
}

async fn written(traces: Vec<Trace>, order: Order) -> String {
    String::from_utf8(chunks(body_of(traces, order)).await.concat()).unwrap()
}

#[tokio::test]
async fn a_trace_that_changed_nothing_has_every_field_and_empty_texts() {
    assert_eq!(
        written(vec![trace(1)], Order::Asc).await,
        concat!(
            r#"{"success":true,"msg":"query success","traces":[{"opid":1,"tid":123,"updated_at":"2025-12-06T10:00:00Z","#,
            r#""op":"-1","op_name":"","new_status":"","new_priority":"","new_appointment":"","new_category":"","remark":""}]}"#
        )
    );
}

#[tokio::test]
async fn a_trace_that_changed_everything_says_so_in_the_documents_words() {
    let mut trace = trace(i64::MAX);
    trace.op = StaffId::from("W007");
    trace.op_name = "詹姆斯".to_owned();
    trace.new_status = Some(Status::Scheduled);
    trace.new_priority = Some(Priority::InPassing);
    trace.new_appointment = Some(Day::from_ymd(2025, 12, 8).unwrap());
    trace.new_category = Some(Category::ClientOrAccount);
    trace.remark = "\"\\\n\u{0}\u{1f600}</script>".to_owned();
    let body: serde_json::Value =
        serde_json::from_str(&written(vec![trace], Order::Asc).await).unwrap();
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

#[tokio::test]
async fn an_importer_of_the_domain_reads_and_writes_traces_as_this_service_does() {
    let unchanged = trace(1);
    let mut changed = trace(i64::MAX);
    changed.new_status = Some(Status::Scheduled);
    changed.new_priority = Some(Priority::InPassing);
    changed.new_appointment = Some(Day::NEG_INFINITY);
    changed.new_category = Some(Category::ClientOrAccount);
    changed.op_name = "詹姆斯".to_owned();
    changed.remark = "\"\\\n\u{0}\u{1f600}</script>".to_owned();

    for trace in [unchanged, changed] {
        let ours = written(vec![trace.clone()], Order::Asc).await;
        let theirs = serde_json::to_string(&trace).unwrap();
        assert_eq!(
            ours,
            format!(r#"{{"success":true,"msg":"query success","traces":[{theirs}]}}"#)
        );
        assert_eq!(serde_json::from_str::<Trace>(&theirs).unwrap(), trace);
    }
}

#[tokio::test]
async fn newest_first_is_oldest_first_turned_round() {
    assert_eq!(opids(3, Order::Asc).await, [1, 2, 3]);
    assert_eq!(opids(3, Order::Desc).await, [3, 2, 1]);
    assert!(
        written(vec![], Order::Desc)
            .await
            .ends_with(r#""traces":[]}"#)
    );
}

async fn opids(traces: i64, order: Order) -> Vec<i64> {
    let text = written((1..=traces).map(trace).collect(), order).await;
    let body: serde_json::Value = serde_json::from_str(&text).unwrap();
    let traces = body["traces"].as_array().unwrap();
    traces
        .iter()
        .map(|trace| trace["opid"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_short_body_is_sent_at_once_and_its_length_is_known() {
    let body = body_of((1..=100).map(trace).collect(), Order::Asc);
    let BodySize::Sized(length) = body.size() else {
        panic!("its length is not known");
    };
    let chunks = chunks(body).await;
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks.concat().len() as u64, length);
}

#[tokio::test]
async fn a_long_body_is_sent_in_chunks_that_are_bounded_and_together_whole() {
    let body = body_of((1..=20_000).map(trace).collect(), Order::Asc);
    assert_eq!(body.size(), BodySize::Stream);

    let chunks = chunks(body).await;

    assert!(chunks.len() > 20, "{} chunks", chunks.len());
    assert!(chunks.iter().all(|chunk| chunk.len() < CHUNK + 1_024));
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
async fn others_have_their_turn_between_two_chunks() {
    let mut body = body_of((1..=20_000).map(trace).collect(), Order::Asc);
    let mut polls = Vec::new();
    for _ in 0..4 {
        let ready =
            poll_fn(|context| Poll::Ready(Pin::new(&mut body).poll_next(context).is_ready())).await;
        polls.push(ready);
    }
    assert_eq!(polls, [true, false, true, false]);
}
