//! The promises.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

use std::{collections::BTreeMap, error::Error, sync::Arc};

use wts_adapter_db::connect;
use wts_app::{HistoryRepository, RepositoryError};
use wts_domain::{Category, Day, Priority, Status, StudentId, TicketHistory, Timestamp, Trace};
use wts_testkit::{ALICE, BOB, Database, Kind, Records, TraceOf, campus, day, ticket, ticket_of};

async fn open(database: &Database) -> Arc<dyn HistoryRepository> {
    connect(&database.parsed_url())
        .await
        .expect("the database opens")
}

async fn history(database: &Database, number: i64) -> Option<TicketHistory> {
    let found = open(database).await.find(ticket(number)).await;
    found.expect("the database answers")
}

async fn traces(database: &Database, number: i64) -> Vec<Trace> {
    history(database, number)
        .await
        .expect("the ticket is there")
        .traces
}

/// The campus, and a ticket 200 of Bob's with these traces.
fn campus_and(traces: impl IntoIterator<Item = Trace>) -> Records {
    let mut records = campus();
    records.tickets.push(ticket_of(200, BOB));
    records.traces.extend(traces);
    records
}

fn opids(traces: &[Trace]) -> Vec<i64> {
    traces.iter().map(|trace| trace.id.get()).collect()
}

/// An error and all that led to it.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

pub(crate) async fn a_ticket_that_is_not_there_is_none(kind: Kind) {
    let database = Database::with(kind, campus());

    for absent in [1, 122, 126, i64::from(i32::MAX)] {
        assert_eq!(history(&database, absent).await, None, "{absent}");
    }
}

pub(crate) async fn the_documents_example_is_read_to_the_letter(kind: Kind) {
    let database = Database::with(kind, campus());

    let history = history(&database, 123).await.unwrap();

    assert_eq!(history.issuer, StudentId::from(ALICE));
    let [filed, solved] = &history.traces[..] else {
        panic!("two traces, not {:?}", history.traces);
    };
    assert_eq!((filed.id.get(), filed.ticket), (1, ticket(123)));
    assert_eq!(filed.updated_at.to_string(), "2025-12-06T10:00:00Z");
    assert_eq!(
        (filed.op.as_str(), filed.op_name.as_str()),
        ("-1", "(系统操作)")
    );
    assert_eq!(
        (filed.new_status, filed.new_priority),
        (Some(Status::Fresh), Some(Priority::Mainline))
    );
    assert_eq!((filed.new_appointment, filed.new_category), (None, None));
    assert_eq!(filed.remark, "工单已创建");

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

pub(crate) async fn everything_that_a_trace_can_change_is_read(kind: Kind) {
    let database = Database::with(kind, campus());

    let traces = traces(&database, 124).await;

    let scheduled = traces.iter().find(|trace| trace.id.get() == 2).unwrap();
    assert_eq!(scheduled.op_name, "用户");
    assert_eq!(scheduled.new_status, Some(Status::Scheduled));
    assert_eq!(scheduled.new_priority, Some(Priority::InPassing));
    assert_eq!(scheduled.new_appointment, Some(day(2025, 12, 8)));
    assert_eq!(scheduled.new_category, Some(Category::ClientOrAccount));
    assert_eq!(scheduled.remark, "");
}

pub(crate) async fn traces_stand_in_time_order_and_ties_by_id(kind: Kind) {
    // Written against both orders, and with more ties than a sort could keep in place by luck.
    let scattered =
        (0..60).map(|n| TraceOf::ticket(200, 1_000 - n * 7 % 60, n * 11 % 3, "W007", ""));
    let database = Database::with(kind, campus_and(scattered));

    let traces = traces(&database, 200).await;

    assert_eq!(traces.len(), 60);
    let order: Vec<_> = traces
        .iter()
        .map(|trace| (trace.updated_at, trace.id))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(opids(&self::traces(&database, 124).await), [9, 2, 5]);
}

pub(crate) async fn a_ticket_without_traces_has_an_issuer_and_an_empty_history(kind: Kind) {
    let database = Database::with(kind, campus());

    let empty = TicketHistory {
        issuer: StudentId::from(BOB),
        traces: Vec::new(),
    };
    assert_eq!(history(&database, 125).await, Some(empty));
}

pub(crate) async fn an_operator_who_is_gone_has_no_name(kind: Kind) {
    let database = Database::with(kind, campus());
    database.delete_unchecked(&format!(
        "delete from {} where wid = 'W007'",
        database.table("operators")
    ));

    let traces = traces(&database, 123).await;

    assert_eq!(opids(&traces), [1, 3], "their traces stay");
    assert_eq!(
        (traces[1].op.as_str(), traces[1].op_name.as_str()),
        ("W007", "")
    );
}

pub(crate) async fn an_operator_whose_student_is_gone_has_no_name(kind: Kind) {
    let database = Database::with(kind, campus());
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

pub(crate) async fn every_label_is_read(kind: Kind) {
    let labelled = (0..9).map(|n| {
        let mut trace = TraceOf::ticket(200, 300 + n, n, "W007", "");
        let n = usize::try_from(n).unwrap();
        trace.new_status = Status::ALL.get(n).copied();
        trace.new_priority = Priority::ALL.get(n).copied();
        trace.new_category = Category::ALL.get(n).copied();
        trace
    });
    let database = Database::with(kind, campus_and(labelled.clone()));

    let read = traces(&database, 200).await;

    for (written, read) in labelled.zip(read) {
        assert_eq!(
            (read.new_status, read.new_priority, read.new_category),
            (
                written.new_status,
                written.new_priority,
                written.new_category
            )
        );
    }
}

pub(crate) async fn the_ends_of_time_are_read(kind: Kind) {
    // In order: what PostgreSQL can hold, and a microsecond in the middle of it.
    let moments = [
        Timestamp::NEG_INFINITY,
        Timestamp::from_micros_since_2000(-211_813_488_000_000_000),
        Timestamp::from_micros_since_2000(-1),
        Timestamp::from_micros_since_2000(9_223_371_331_199_999_999),
        Timestamp::INFINITY,
    ];
    let days = [
        Day::NEG_INFINITY,
        day(-4713, 11, 24),
        day(1999, 12, 31),
        day(5_874_897, 12, 31),
        Day::INFINITY,
    ];
    let written: Vec<_> = (300..)
        .zip(moments.into_iter().zip(days))
        .map(|(opid, (moment, day))| {
            let mut trace = TraceOf::ticket(200, opid, 0, "W007", "");
            trace.updated_at = moment;
            trace.new_appointment = Some(day);
            trace
        })
        .collect();
    let database = Database::with(kind, campus_and(written));

    let read = traces(&database, 200).await;

    assert_eq!(
        read.iter()
            .map(|trace| trace.updated_at)
            .collect::<Vec<_>>(),
        moments
    );
    assert_eq!(
        read.iter()
            .filter_map(|trace| trace.new_appointment)
            .collect::<Vec<_>>(),
        days
    );
}

pub(crate) async fn ids_are_read_up_to_the_width_of_the_column(kind: Kind) {
    let widest = match kind {
        Kind::Sqlite | Kind::Postgres => i64::MAX,
        Kind::WtsV3 => i64::from(i32::MAX),
    };
    let mut records = campus();
    records.tickets.push(ticket_of(widest, BOB));
    records
        .traces
        .push(TraceOf::ticket(widest, widest, 0, "W007", ""));
    let database = Database::with(kind, records);

    let traces = traces(&database, widest).await;

    assert_eq!(opids(&traces), [widest]);
    assert_eq!(traces[0].ticket, ticket(widest));
}

pub(crate) async fn a_number_too_wide_for_the_column_is_no_ticket(kind: Kind) {
    let mut records = campus();
    records.tickets.push(ticket_of(1, BOB));
    let database = Database::with(kind, records);

    for wide in [(1 << 32) + 1, (1 << 32) + 123, i64::MAX] {
        assert_eq!(
            history(&database, wide).await,
            None,
            "{wide} is not taken for a narrower number"
        );
    }
}

pub(crate) async fn texts_of_every_kind_are_read_as_they_were_written(kind: Kind) {
    let remarks = [
        String::new(),
        " ".to_owned(),
        "' \" ; -- \\ % _ $1 ? :name \r\n\t\u{1} \u{7f} \u{85} \u{2028} \u{feff}".to_owned(),
        "e\u{301} \u{e9} 👩‍👩‍👧 \u{202e}dlrow \u{10FFFF} \u{FFFD}".to_owned(),
        "很长".repeat(200_000),
    ];
    let written = (300..)
        .zip(&remarks)
        .map(|(opid, remark)| TraceOf::ticket(200, opid, opid, "W007", remark));
    let database = Database::with(kind, campus_and(written));

    let read: Vec<_> = traces(&database, 200)
        .await
        .into_iter()
        .map(|trace| trace.remark)
        .collect();

    assert!(read == remarks, "as they were written");
}

pub(crate) async fn a_long_history_is_whole(kind: Kind) {
    let written = (0..3_000).map(|n| TraceOf::ticket(200, 1_000 + n, n, "W007", "又试了一次"));
    let database = Database::with(kind, campus_and(written));

    let read = traces(&database, 200).await;

    assert_eq!(opids(&read), (1_000..4_000).collect::<Vec<_>>());
}

pub(crate) async fn what_was_committed_before_the_question_is_in_the_answer(kind: Kind) {
    let database = Database::with(kind, campus_and([]));
    let histories = open(&database).await;

    for n in 1..=20 {
        let opid = 400 + n;
        database.insert(Records {
            traces: vec![TraceOf::ticket(200, opid, n, "W007", "")],
            ..Records::default()
        });
        let found = histories.find(ticket(200)).await.unwrap().unwrap();
        assert_eq!(found.traces.last().map(|trace| trace.id.get()), Some(opid));
    }
}

pub(crate) async fn many_questions_at_once_get_each_their_own_answer(kind: Kind) {
    let mut records = campus();
    for n in 1_000..1_050 {
        records.tickets.push(ticket_of(n, BOB));
        records
            .traces
            .push(TraceOf::ticket(n, n, 0, "W007", &n.to_string()));
    }
    let database = Database::with(kind, records);
    let histories = open(&database).await;

    let mut questions = tokio::task::JoinSet::new();
    for n in (1_000..1_100).cycle().take(400) {
        let histories = Arc::clone(&histories);
        questions.spawn(async move { (n, histories.find(ticket(n)).await) });
    }
    let mut answers: BTreeMap<i64, usize> = BTreeMap::new();
    while let Some(answer) = questions.join_next().await {
        let (n, found) = answer.unwrap();
        let remarks = found
            .unwrap()
            .map(|history| history.traces[0].remark.clone());
        assert_eq!(remarks, (n < 1_050).then(|| n.to_string()));
        *answers.entry(n).or_default() += 1;
    }
    assert_eq!(answers.len(), 100);
    assert!(answers.values().all(|count| *count == 4));
}

pub(crate) async fn a_label_that_nobody_knows_fails_and_names_its_column(kind: Kind) {
    let database = Database::with(kind, campus());
    let traces = database.table("ticket_traces");
    // A later version of the schema may know more than we do.
    database.execute(&match kind {
        Kind::Sqlite => {
            format!("pragma ignore_check_constraints = on; update {traces} set new_status = 'reopened' where opid = 3")
        }
        Kind::Postgres => format!(
            "alter table {traces} drop constraint ticket_traces_new_status_check;
             update {traces} set new_status = 'reopened' where opid = 3"
        ),
        Kind::WtsV3 => "alter type wts.status add value 'reopened'".to_owned(),
    });
    if kind == Kind::WtsV3 {
        // PostgreSQL wants a new value committed before its first use.
        database.execute(&format!(
            "update {traces} set new_status = 'reopened' where opid = 3"
        ));
    }
    let histories = open(&database).await;

    let failure = match histories.find(ticket(123)).await {
        Err(error @ RepositoryError::Failed(_)) => told(&error),
        other => panic!("a history with a hole in it was answered: {other:?}"),
    };
    assert!(failure.contains("ticket_traces"), "{failure}");
    assert!(failure.contains("new_status"), "{failure}");
    assert!(failure.contains("reopened"), "{failure}");
    assert!(
        histories.find(ticket(124)).await.is_ok(),
        "other tickets are still read"
    );
}
