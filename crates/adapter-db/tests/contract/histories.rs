//! Tests of the traces of a history and their order.

use std::collections::BTreeMap;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::thread;

use futures_util::future::join_all;
use wts_domain::{Priority, Status, StudentId, TicketHistory};
use wts_testkit::{
    ALICE, BOB, Database, Kind, Records, find, sample_records, ticket, ticket_of, trace_of,
};

use crate::{history, open, opids, records_with_traces, traces};

pub(crate) async fn missing_ticket_returns_none(kind: Kind) {
    let database = Database::with(kind, sample_records());

    for absent in [1, 122, 126, i64::from(i32::MAX)] {
        assert_eq!(history(&database, absent).await, None, "{absent}");
    }
}

pub(crate) async fn api_document_example_is_read(kind: Kind) {
    let database = Database::with(kind, sample_records());

    let history = history(&database, 123).await.unwrap();

    assert_eq!(history.issuer, StudentId::from(ALICE));
    let [created, solved] = &history.traces[..] else {
        panic!("expected two traces, found {:?}", history.traces);
    };
    assert_eq!((created.id.get(), created.ticket), (1, ticket(123)));
    assert_eq!(created.updated_at.to_string(), "2025-12-06T10:00:00Z");
    assert_eq!(
        (created.op.as_str(), created.op_name.as_str()),
        ("-1", "(系统操作)")
    );
    assert_eq!(
        (created.new_status, created.new_priority),
        (Some(Status::Fresh), Some(Priority::Mainline))
    );
    assert_eq!(
        (created.new_appointment, created.new_category),
        (None, None)
    );
    assert_eq!(created.remark, "工单已创建");

    assert_eq!((solved.id.get(), solved.ticket), (3, ticket(123)));
    assert_eq!(solved.updated_at.to_string(), "2025-12-06T15:30:00Z");
    assert_eq!(
        (solved.op.as_str(), solved.op_name.as_str()),
        ("W007", "詹姆斯")
    );
    assert_eq!(
        (solved.new_status, solved.new_priority),
        (Some(Status::Solved), None)
    );
    assert_eq!((solved.new_appointment, solved.new_category), (None, None));
    assert_eq!(solved.remark, "问题已解决,用户确认网络恢复正常。");
}

pub(crate) async fn traces_are_ordered_by_time_then_id(kind: Kind) {
    // The traces are written in the order of neither time nor id. Many have equal times, so that the result cannot be
    // sorted by chance.
    let scattered = (0..60).map(|n| trace_of(200, 1_000 - n * 7 % 60, n * 11 % 3, "W007", ""));
    let database = Database::with(kind, records_with_traces(scattered));

    let traces = traces(&database, 200).await;

    assert_eq!(traces.len(), 60);
    let order: Vec<_> = traces
        .iter()
        .map(|trace| (trace.updated_at, trace.id))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(opids(&self::traces(&database, 124).await), [9, 2, 5]);
}

pub(crate) async fn ticket_without_traces_has_an_empty_history(kind: Kind) {
    let database = Database::with(kind, sample_records());

    let empty = TicketHistory::new(StudentId::from(BOB), Vec::new());
    assert_eq!(history(&database, 125).await.as_deref(), Some(&empty));
}

pub(crate) async fn deleted_operator_has_no_name(kind: Kind) {
    let database = Database::with(kind, sample_records());
    database.delete_unchecked(&format!(
        "delete from {} where wid = 'W007'",
        database.table("operators")
    ));

    let traces = traces(&database, 123).await;

    assert_eq!(
        opids(&traces),
        [1, 3],
        "the traces of a deleted operator remain"
    );
    assert_eq!(
        (traces[1].op.as_str(), traces[1].op_name.as_str()),
        ("W007", "")
    );
}

pub(crate) async fn operator_without_student_has_no_name(kind: Kind) {
    let database = Database::with(kind, sample_records());
    database.delete_unchecked(&format!(
        "delete from {} where sid = '2022310007'",
        database.table("students")
    ));

    let traces = traces(&database, 123).await;

    assert_eq!(
        (traces[1].op.as_str(), traces[1].op_name.as_str()),
        ("W007", "")
    );
}

pub(crate) async fn long_history_is_complete(kind: Kind) {
    let written = (0..3_000).map(|n| trace_of(200, 1_000 + n, n, "W007", "又试了一次"));
    let database = Database::with(kind, records_with_traces(written));

    let read = traces(&database, 200).await;

    assert_eq!(opids(&read), (1_000..4_000).collect::<Vec<_>>());
}

pub(crate) async fn next_result_contains_committed_traces(kind: Kind) {
    let database = Database::with(kind, records_with_traces([]));
    let histories = open(&database).await;

    for n in 1..=20 {
        let opid = 400 + n;
        database.insert(Records {
            traces: vec![trace_of(200, opid, n, "W007", "")],
            ..Records::default()
        });
        let found = find(&*histories, 200).await.unwrap().unwrap();
        assert_eq!(found.traces.last().map(|trace| trace.id.get()), Some(opid));
    }
}

pub(crate) async fn next_result_contains_a_changed_operator_name(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let histories = open(&database).await;

    for name in ["詹姆斯", "小詹", ""] {
        database.execute(&format!(
            "update {} set name = '{name}' where sid = '2022310007'",
            database.table("students")
        ));
        for _ in 0..3 {
            let found = find(&*histories, 123).await.unwrap().unwrap();
            assert_eq!(found.traces[1].op_name, name);
        }
    }
}

pub(crate) async fn results_are_fresh_during_concurrent_writes(kind: Kind) {
    const WRITERS: i64 = 3;
    const TRACES: usize = 20;
    let mut records = sample_records();
    records
        .tickets
        .extend((0..WRITERS).map(|n| ticket_of(300 + n, BOB)));
    let database = Arc::new(Database::with(kind, records));
    let histories = open(&database).await;
    // The number of committed traces of each ticket.
    let committed: Arc<[AtomicUsize]> = (0..WRITERS).map(|_| AtomicUsize::new(0)).collect();

    let writers = (0..WRITERS).zip(0..).map(|(writer, at)| {
        let (database, committed) = (Arc::clone(&database), Arc::clone(&committed));
        thread::spawn(move || {
            for n in (1..).take(TRACES) {
                let opid = 1_000 * (writer + 1) + n;
                database.insert(Records {
                    traces: vec![trace_of(300 + writer, opid, n, "W007", "")],
                    ..Records::default()
                });
                committed[at].fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let read = async |number: i64, committed: &AtomicUsize| {
        let mut before = 0;
        while before < TRACES {
            before = committed.load(Ordering::SeqCst);
            let found = find(&*histories, number).await.unwrap().unwrap();
            let read = found.traces.len();
            assert!(read >= before, "{read} of at least {before}");
        }
    };
    let tickets = (300..).zip(committed.iter());
    let readers = tickets.cycle().take(3 * committed.len());
    join_all(readers.map(|(number, committed)| read(number, committed))).await;

    for writer in writers {
        writer.join().unwrap();
    }
}

pub(crate) async fn concurrent_queries_get_the_requested_histories(kind: Kind) {
    let mut records = sample_records();
    for n in 1_000..1_050 {
        records.tickets.push(ticket_of(n, BOB));
        records
            .traces
            .push(trace_of(n, n, 0, "W007", &n.to_string()));
    }
    let database = Database::with(kind, records);
    let histories = open(&database).await;

    let mut queries = tokio::task::JoinSet::new();
    for n in (1_000..1_100).cycle().take(400) {
        let histories = Arc::clone(&histories);
        queries.spawn(async move { (n, find(&*histories, n).await) });
    }
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    while let Some(outcome) = queries.join_next().await {
        let (n, found) = outcome.unwrap();
        let remarks = found
            .unwrap()
            .map(|history| history.traces[0].remark.clone());
        assert_eq!(remarks, (n < 1_050).then(|| n.to_string()));
        *counts.entry(n).or_default() += 1;
    }
    assert_eq!(counts.len(), 100);
    assert!(counts.values().all(|count| *count == 4));
}
