//! Tests of response bodies: content, order, chunks.

use std::{future::poll_fn, pin::Pin, task::Poll};

use actix_web::body::BodySize;
use wts_domain::{StaffId, StudentId, TicketId, Timestamp, TraceId};

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
    let issuer = StudentId::from("2024310001");
    body(Arc::new(TicketHistory::new(issuer, traces)), order).unwrap()
}

/// Returns the chunks of a body.
async fn chunks(mut body: BoxBody) -> Vec<Bytes> {
    let mut chunks = Vec::new();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
        chunks.push(chunk.unwrap());
    }
    chunks
}

async fn serialised(traces: Vec<Trace>, order: Order) -> String {
    String::from_utf8(chunks(body_of(traces, order)).await.concat()).unwrap()
}

#[tokio::test]
async fn unchanged_fields_are_empty_strings() {
    assert_eq!(
        serialised(vec![trace(1)], Order::Asc).await,
        concat!(
            r#"{"success":true,"msg":"query success","traces":[{"opid":1,"tid":123,"updated_at":"2025-12-06T10:00:00Z","#,
            r#""op":"-1","op_name":"","new_status":"","new_priority":"","new_appointment":"","new_category":"","remark":""}]}"#
        )
    );
}

#[tokio::test]
async fn desc_is_asc_reversed() {
    assert_eq!(opids(3, Order::Asc).await, [1, 2, 3]);
    assert_eq!(opids(3, Order::Desc).await, [3, 2, 1]);
    assert!(
        serialised(vec![], Order::Desc)
            .await
            .ends_with(r#""traces":[]}"#)
    );
}

async fn opids(traces: i64, order: Order) -> Vec<i64> {
    let text = serialised((1..=traces).map(trace).collect(), order).await;
    let body: serde_json::Value = serde_json::from_str(&text).unwrap();
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
