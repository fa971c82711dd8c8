//! Tests of the values of a trace.

use wts_app::{ErrorChain, RepositoryError};
use wts_domain::{Category, Date, Priority, Status, Timestamp};
use wts_testkit::{BOB, Database, Kind, day, find, sample_records, ticket, ticket_of, trace_of};

use crate::{history, open, opids, records_with_traces, traces};

pub(crate) async fn all_fields_of_a_trace_are_read(kind: Kind) {
    let database = Database::with(kind, sample_records());

    let traces = traces(&database, 124).await;

    let scheduled = traces.iter().find(|trace| trace.id.get() == 2).unwrap();
    assert_eq!(scheduled.op_name, "用户");
    assert_eq!(scheduled.new_status, Some(Status::Scheduled));
    assert_eq!(scheduled.new_priority, Some(Priority::InPassing));
    assert_eq!(scheduled.new_appointment, Some(day(2025, 12, 8)));
    assert_eq!(scheduled.new_category, Some(Category::ClientOrAccount));
    assert_eq!(scheduled.remark, "");
}

pub(crate) async fn every_label_is_read(kind: Kind) {
    let labelled = (0..9).map(|n| {
        let mut trace = trace_of(200, 300 + n, n, "W007", "");
        let n = usize::try_from(n).unwrap();
        trace.new_status = Status::ALL.get(n).copied();
        trace.new_priority = Priority::ALL.get(n).copied();
        trace.new_category = Category::ALL.get(n).copied();
        trace
    });
    let database = Database::with(kind, records_with_traces(labelled.clone()));

    let read = traces(&database, 200).await;

    assert_eq!(read.len(), 9);
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

pub(crate) async fn extreme_timestamps_and_dates_are_read(kind: Kind) {
    // The limits of PostgreSQL's types, and a value between them, in ascending order.
    let times = [
        Timestamp::NEG_INFINITY,
        Timestamp::from_micros_since_2000(-211_813_488_000_000_000),
        Timestamp::from_micros_since_2000(-1),
        Timestamp::from_micros_since_2000(9_223_371_331_199_999_999),
        Timestamp::INFINITY,
    ];
    let days = [
        Date::NEG_INFINITY,
        day(-4713, 11, 24),
        day(1999, 12, 31),
        day(5_874_897, 12, 31),
        Date::INFINITY,
    ];
    let written: Vec<_> = (300..)
        .zip(times.into_iter().zip(days))
        .map(|(opid, (time, day))| {
            let mut trace = trace_of(200, opid, 0, "W007", "");
            trace.updated_at = time;
            trace.new_appointment = Some(day);
            trace
        })
        .collect();
    let database = Database::with(kind, records_with_traces(written));

    let read = traces(&database, 200).await;

    assert_eq!(
        read.iter()
            .map(|trace| trace.updated_at)
            .collect::<Vec<_>>(),
        times
    );
    assert_eq!(
        read.iter()
            .filter_map(|trace| trace.new_appointment)
            .collect::<Vec<_>>(),
        days
    );
}

pub(crate) async fn largest_id_of_the_column_is_read(kind: Kind) {
    let largest = match kind {
        Kind::Sqlite | Kind::Postgres => i64::MAX,
        Kind::WtsV3 => i64::from(i32::MAX),
    };
    let mut records = sample_records();
    records.tickets.push(ticket_of(largest, BOB));
    records
        .traces
        .push(trace_of(largest, largest, 0, "W007", ""));
    let database = Database::with(kind, records);

    let traces = traces(&database, largest).await;

    assert_eq!(opids(&traces), [largest]);
    assert_eq!(traces[0].ticket, ticket(largest));
}

pub(crate) async fn id_too_large_for_the_column_returns_none(kind: Kind) {
    let mut records = sample_records();
    records.tickets.push(ticket_of(1, BOB));
    let database = Database::with(kind, records);

    for too_large in [(1 << 32) + 1, (1 << 32) + 123, i64::MAX] {
        assert_eq!(
            history(&database, too_large).await,
            None,
            "{too_large} is not truncated to 32 bits"
        );
    }
}

pub(crate) async fn texts_are_read_unchanged(kind: Kind) {
    let remarks = [
        String::new(),
        " ".to_owned(),
        "' \" ; -- \\ % _ $1 ? :name \r\n\t\u{1} \u{7f} \u{85} \u{2028} \u{feff}".to_owned(),
        "e\u{301} \u{e9} 👩‍👩‍👧 \u{202e}dlrow \u{10FFFF} \u{FFFD}".to_owned(),
        "很长".repeat(200_000),
    ];
    let written = (300..)
        .zip(&remarks)
        .map(|(opid, remark)| trace_of(200, opid, opid, "W007", remark));
    let database = Database::with(kind, records_with_traces(written));

    let read: Vec<_> = traces(&database, 200)
        .await
        .into_iter()
        .map(|trace| trace.remark)
        .collect();

    assert!(read == remarks, "the texts were changed");
}

pub(crate) async fn unknown_label_fails_and_names_its_column(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let traces = database.table("ticket_traces");
    // A later version of the schema may have more labels.
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
        // A new enum value must be committed before it is used.
        database.execute(&format!(
            "update {traces} set new_status = 'reopened' where opid = 3"
        ));
    }
    let histories = open(&database).await;

    let failure = match find(&*histories, 123).await {
        Err(error @ RepositoryError::Failed(_)) => ErrorChain(&error).to_string(),
        other => panic!("expected an error, found an incomplete history: {other:?}"),
    };
    assert!(failure.contains("ticket_traces"), "{failure}");
    assert!(failure.contains("new_status"), "{failure}");
    assert!(failure.contains("reopened"), "{failure}");
    assert!(
        find(&*histories, 124).await.is_ok(),
        "other tickets are still read"
    );
}
