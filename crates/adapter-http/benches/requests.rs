//! Benchmarks of the parts of a request that need no database: token verification, authorization, serialization of the
//! body, negotiation of the language of an error.
//! Run them with `cargo bench --package wts-adapter-http --features bench`.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::{io, sync::Arc, time::Duration};

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap, HeaderValue};
use divan::{AllocProfiler, Bencher, black_box, counter::BytesCount};
use wts_adapter_http::{
    Key, Keyring, Secret, TokenSettings, TokenSigner, TokenSubject, TokenVerifier, TracesView,
    preferred_language, write_traces_csv, write_traces_json,
};
use wts_domain::{
    Access, Caller, Category, Date, Priority, StaffId, Status, StudentId, TicketHistory, TicketId,
    Timestamp, Trace, TraceId, ensure_active, ensure_may_read_traces,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const NOW: i64 = 1_765_015_200;

fn main() {
    divan::main();
}

#[divan::bench]
fn verify_hs256_token(bencher: Bencher<'_, '_>) {
    let secret =
        Secret::new(b"benchmarks-share-this-secret-of-48-bytes-and-more".to_vec()).unwrap();
    let subject = TokenSubject {
        openid: "o6_bmjrPTlm6_2sgVt7hMZOPfL2M".to_owned(),
        sid: "2024310001".to_owned(),
        username: "alice".to_owned(),
        avatar: "https://example.org/avatars/2024310001.png".to_owned(),
        access: Access::User,
        name: "爱丽丝".to_owned(),
    };
    let token = TokenSigner::new(&secret, TokenSettings::default())
        .sign(&subject, NOW, Duration::from_secs(3_600))
        .unwrap();
    let keys = Keyring::fixed(vec![Key::shared(&secret)]).unwrap();
    let verifier = TokenVerifier::new(keys, TokenSettings::default());

    bencher.bench(|| verifier.verify(black_box(&token), NOW).unwrap());
}

#[divan::bench]
fn authorize_ticket_owner(bencher: Bencher<'_, '_>) {
    let caller = Caller::new(StudentId::from("2024310001"), Access::User);
    let issuer = StudentId::from("2024310001");

    bencher
        .with_inputs(|| caller.clone())
        .bench_values(|caller| {
            let active = ensure_active(caller).unwrap();
            ensure_may_read_traces(black_box(&active), black_box(&issuer)).unwrap();
        });
}

#[divan::bench(args = [5, 200, 10_000])]
fn serialize_json(bencher: Bencher<'_, '_>, traces: i64) {
    measure(bencher, traces, |history, out| {
        write_traces_json(history, TracesView::default(), out)
    });
}

#[divan::bench(args = [5, 200, 10_000])]
fn serialize_json_with_changes_and_state(bencher: Bencher<'_, '_>, traces: i64) {
    measure(bencher, traces, |history, out| {
        write_traces_json(history, with_changes_and_state(), out)
    });
}

#[divan::bench(args = [5, 200, 10_000])]
fn serialize_csv_with_changes(bencher: Bencher<'_, '_>, traces: i64) {
    measure(bencher, traces, |history, out| {
        write_traces_csv(history, with_changes_and_state(), out)
    });
}

fn with_changes_and_state() -> TracesView {
    let mut view = TracesView::default();
    (view.changes, view.state) = (true, true);
    view
}

/// Measures a function that writes the body of a history with this number of traces.
fn measure(
    bencher: Bencher<'_, '_>,
    traces: i64,
    write: impl Fn(Arc<TicketHistory>, &mut dyn io::Write) -> io::Result<()> + Sync,
) {
    let history = Arc::new(history_of(traces));
    let mut body = Vec::new();
    write(Arc::clone(&history), &mut body).unwrap();

    bencher
        .counter(BytesCount::new(body.len()))
        .bench(|| write(Arc::clone(black_box(&history)), &mut io::sink()).unwrap());
}

#[divan::bench(args = ["", "zh-CN,zh;q=0.9,en;q=0.8,en-GB;q=0.7,en-US;q=0.6"])]
fn negotiate_error_language(bencher: Bencher<'_, '_>, field: &str) {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(field).unwrap());

    bencher.bench(|| preferred_language(black_box(&headers)));
}

fn history_of(traces: i64) -> TicketHistory {
    let ticket = TicketId::new(123).unwrap();
    let traces = (0..traces).map(|n| {
        let timestamp = Timestamp::from_unix_seconds(NOW + 60 * n).unwrap();
        let mut trace = Trace::new(
            TraceId::new(1_000 + n),
            ticket,
            timestamp,
            StaffId::from("W007"),
        );
        "詹姆斯".clone_into(&mut trace.op_name);
        trace.new_status = (n % 2 == 0).then_some(Status::Scheduled);
        trace.new_priority = (n % 4 == 0).then_some(Priority::Mainline);
        trace.new_appointment = (n % 2 == 0).then(|| Date::from_ymd(2025, 12, 8).unwrap());
        trace.new_category = (n % 5 == 0).then_some(Category::LowSpeed);
        "已联系同学，约定上门检查端口和网线".clone_into(&mut trace.remark);
        trace
    });
    TicketHistory::new(StudentId::from("2024310001"), traces.collect())
}
