//! Tests of exporting histories.

use std::ops::ControlFlow;

use tokio::task::spawn_blocking;
use wts_adapter_db::{OpenError, inspect};
use wts_app::{Counts, Observer, Progress, RecordError, verify_histories};
use wts_domain::{HistoryFinding, Status, TicketId, Timestamp};
use wts_testkit::{Database, ticket};

use super::*;

const KINDS: [Kind; 3] = [Kind::Sqlite, Kind::Postgres, Kind::WtsV3];

/// Returns the kind and id of each record: `staff -1`, `ticket 123` and so on.
fn names(records: &[Record]) -> Vec<String> {
    let name = |record: &Record| match record {
        Record::Staff(staff) => format!("staff {}", staff.id),
        Record::Ticket(ticket) => format!("ticket {}", ticket.id),
        Record::Trace(trace) => format!("trace {}", trace.id),
    };
    records.iter().map(name).collect()
}

async fn selected_names(database: &Database, selection: Selection) -> Vec<String> {
    names(&export_selected(&database.parsed_url(), selection).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_database_exports_the_same_records_in_order() {
    for kind in KINDS {
        let database = Database::with(kind, sample_records());
        let records = export(&database.parsed_url()).await;
        assert_eq!(
            names(&records),
            [
                "staff -1",
                "staff -2",
                "staff W007",
                "ticket 123",
                "trace 1",
                "trace 3",
                "ticket 124",
                "trace 9",
                "trace 2",
                "trace 5",
                "ticket 125",
            ],
            "{kind:?}"
        );
        assert_eq!(records, sample(), "{kind:?}");
        // Names of students who are not staff are not exported.
        let shown = format!("{records:?}");
        assert!(shown.contains(ALICE) && shown.contains("詹姆斯"));
        assert!(!shown.contains("爱丽丝"), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn selected_ticket_is_exported_with_traces_and_staff() {
    for kind in KINDS {
        let database = Database::with(kind, sample_records());
        let tickets =
            |numbers: &[i64]| Selection::Tickets(numbers.iter().map(|n| ticket(*n)).collect());
        let one = selected_names(&database, tickets(&[123])).await;
        let expected = ["staff -1", "staff W007", "ticket 123", "trace 1", "trace 3"];
        assert_eq!(one, expected, "{kind:?}");
        let two = selected_names(&database, tickets(&[125, 9_999, 123, 125])).await;
        let expected = [&expected[..], &["ticket 125"]].concat();
        assert_eq!(two, expected, "{kind:?}: each once, in order");
        let none = selected_names(&database, tickets(&[i64::MAX])).await;
        assert!(none.is_empty(), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_submitted_in_a_period_are_selected() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    for kind in KINDS {
        let mut records = sample_records();
        for (number, time) in [
            (200, "2026-01-01T00:00:00Z"),
            (201, "2026-02-01T00:00:00Z"),
            (202, "infinity"),
        ] {
            let mut ticket = ticket_of(number, ALICE);
            ticket.submitted_at = at(time);
            records.tickets.push(ticket);
        }
        records.traces.push(trace_of(200, 50, 0, "-2", ""));
        let database = Database::with(kind, records);
        let exported_in = async |since: Option<&str>, before: Option<&str>| {
            let (since, before) = (since.map(at), before.map(at));
            selected_names(&database, Selection::Filed { since, before }).await
        };
        assert_eq!(
            exported_in(Some("2026-01-01T00:00:00Z"), Some("2026-02-01T00:00:00Z")).await,
            ["staff -2", "ticket 200", "trace 50"],
            "{kind:?}"
        );
        assert_eq!(
            exported_in(Some("2026-01-01T00:00:00.000001Z"), None).await,
            ["ticket 201", "ticket 202"],
            "{kind:?}"
        );
        let mut earlier = exported_in(None, Some("infinity")).await;
        earlier.retain(|name| name.starts_with("ticket "));
        let mut all = selected_names(&database, Selection::All).await;
        all.retain(|name| name.starts_with("ticket ") && name != "ticket 202");
        assert_eq!(earlier, all, "{kind:?}");
        assert!(
            exported_in(None, Some("-infinity")).await.is_empty(),
            "{kind:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_after_the_source_is_opened_are_not_exported() {
    for kind in KINDS {
        let mut records = sample_records();
        let more = (1_000..6_000).map(|number| ticket_of(number, ALICE));
        records.tickets.extend(more);
        let database = Database::with(kind, records);
        let url = database.parsed_url();
        let before = export(&url).await;

        let source = open(&url).await;
        let (tickets, traces) = (database.table("tickets"), database.table("ticket_traces"));
        let overriding = match kind {
            Kind::WtsV3 => "overriding system value",
            _ => "",
        };
        database.execute(&format!(
            "insert into {traces} (opid, tid, updated_at, op, new_status, remark) {overriding}
             select 90000, 5999, updated_at, op, 'solved', 'late' from {traces} where opid = 1;
             update {tickets} set status = 'canceled' where tid > 3000;
             delete from {tickets} where tid = 5998"
        ));
        assert!(read(source).await.unwrap() == before, "{kind:?}");
        assert!(
            export(&url).await != before,
            "{kind:?}: a new export contains the changes"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_longer_than_a_batch_is_complete() {
    for kind in KINDS {
        let mut records = sample_records();
        // Many traces have the same time, so that batches end between equal times.
        let traces = (100..9_100).map(|id| trace_of(125, id, id / 3_000, "W007", "又一次"));
        records.traces.extend(traces);
        let database = Database::with(kind, records);
        let ids: Vec<_> = export(&database.parsed_url())
            .await
            .into_iter()
            .filter_map(|record| match record {
                Record::Trace(trace) if trace.ticket == ticket(125) => Some(trace.id.get()),
                _ => None,
            })
            .collect();
        assert!(ids.into_iter().eq(100..9_100), "{kind:?}");
    }
}

/// Every column with labels: table, column, enum, a row, and the start of the message.
const LABELS: [(&str, &str, &str, &str, &str); 7] = [
    (
        "operators",
        "access",
        "access",
        "wid = 'W007'",
        "staff \"W007\": access: unknown access rank",
    ),
    (
        "tickets",
        "category",
        "category",
        "tid = 123",
        "ticket 123: category: unknown ticket category",
    ),
    (
        "tickets",
        "priority",
        "priority",
        "tid = 124",
        "ticket 124: priority: unknown ticket priority",
    ),
    (
        "tickets",
        "status",
        "status",
        "tid = 125",
        "ticket 125: status: unknown ticket status",
    ),
    (
        "ticket_traces",
        "new_category",
        "category",
        "opid = 1",
        "trace 1: new_category: unknown ticket category",
    ),
    (
        "ticket_traces",
        "new_priority",
        "priority",
        "opid = 2",
        "trace 2: new_priority: unknown ticket priority",
    ),
    (
        "ticket_traces",
        "new_status",
        "status",
        "opid = 3",
        "trace 3: new_status: unknown ticket status",
    ),
];

/// Makes every column in [`LABELS`] accept `melted`, a label that the service does not know.
fn allow_unknown_labels(database: &Database) {
    for (table, column, of, _, _) in LABELS {
        match database.kind() {
            Kind::Sqlite => {}
            Kind::Postgres => database.execute(&format!(
                "alter table wts.{table} drop constraint {table}_{column}_check"
            )),
            Kind::WtsV3 => database.execute(&format!(
                "alter type wts.{of} add value if not exists 'melted'"
            )),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_with_an_unknown_label_is_reported() {
    for kind in KINDS {
        let database = Database::with(kind, sample_records());
        allow_unknown_labels(&database);
        for (table, column, _, condition, _) in LABELS {
            let table = database.table(table);
            let pragma = match kind {
                Kind::Sqlite => "pragma ignore_check_constraints = on;",
                _ => "",
            };
            database.execute(&format!(
                "{pragma} update {table} set {column} = 'melted' where {condition}"
            ));
        }
        let mut findings = InvalidRecords::default();
        let source = open(&database.parsed_url()).await;
        let report = spawn_blocking(move || {
            let report = verify_histories(source, &mut findings).unwrap();
            (report.invalid, findings.0)
        });
        let (invalid, mut errors) = report.await.unwrap();
        errors.sort();
        let mut expected = LABELS.map(|label| format!("{} \"melted\"", label.4));
        expected.sort();
        assert_eq!(errors, expected, "{kind:?}");
        assert_eq!(invalid, 7);
    }
}

#[derive(Default)]
struct InvalidRecords(Vec<String>);

impl Observer for InvalidRecords {
    fn on_progress(&mut self, _: Counts, _: Option<Progress>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn on_finding(&mut self, _: Option<u64>, _: TicketId, _: HistoryFinding) {}

    fn on_invalid_record(&mut self, error: &RecordError) {
        self.0.push(error.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_the_database_are_compared() {
    for kind in KINDS {
        let database = Database::with(kind, sample_records());
        let differences = inspect(&database.parsed_url()).await.unwrap().labels;
        assert_eq!(differences, [], "{kind:?}");
    }
    let database = Database::with(Kind::WtsV3, sample_records());
    database.execute(
        "alter type wts.status add value 'waiting'; alter type wts.status rename value 'delay' to 'later';
         alter type wts.priority add value 'a b'; alter type wts.category add value 'printer';
         alter type wts.access add value 'robot'; alter type wts.block add value 'west';
         alter type wts.isp add value 'other'",
    );
    let found = inspect(&database.parsed_url()).await.unwrap().labels;
    let shown: Vec<_> = found
        .iter()
        .map(|found| format!("{} +{:?} -{:?}", found.name, found.unknown, found.missing))
        .collect();
    assert_eq!(
        shown,
        [
            r#"wts.access +["robot"] -[]"#,
            r#"wts.category +["printer"] -[]"#,
            r#"wts.priority +["a b"] -[]"#,
            r#"wts.status +["later", "waiting"] -["delay"]"#,
        ]
    );
    let database = Database::with(Kind::Postgres, sample_records());
    database.execute(
        "alter table wts.tickets drop constraint tickets_status_check;
         alter table wts.tickets add check (status in ('fresh', 'waiting', 'delay', 'escalated', 'solved', 'canceled'));
         alter table wts.ticket_traces add check (new_status <> 'x')",
    );
    let found = inspect(&database.parsed_url()).await.unwrap().labels;
    let [found] = &*found else {
        panic!("{found:?}");
    };
    assert_eq!(found.name, "wts.tickets.status");
    assert_eq!(
        (&*found.unknown, &*found.missing),
        (&["waiting".to_owned()][..], &["scheduled".to_owned()][..])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_utf8_in_sqlite_is_rejected() {
    let database = Database::with(Kind::Sqlite, sample_records());
    database.execute("update ticket_traces set remark = cast(x'ff41' as text) where opid = 3");
    let outcome = read(open(&database.parsed_url()).await).await;
    let Err(TransferError::Failed(what, cause)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(what, "cannot read the database");
    assert!(format!("{cause:?}").contains("UTF-8"), "{cause:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_member_without_student_has_no_name() {
    for kind in KINDS {
        let database = Database::with(kind, sample_records());
        let students = database.table("students");
        database.delete_unchecked(&format!("delete from {students} where sid = '2022310007'"));
        let unnamed = Record::Staff(staff("W007", "2022310007", ""));
        let records = export(&database.parsed_url()).await;
        assert!(records.contains(&unnamed), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_database_or_table_fails_when_opened() {
    let missing = DatabaseUrl::sqlite("/no/such/file.db");
    let outcome = source(&missing, Selection::All).await;
    assert!(matches!(outcome, Err(OpenError::NoSuchFile(_))));
    for kind in WRITABLE {
        let without_tables = Database::without_tables(kind);
        if kind == Kind::Sqlite {
            without_tables.execute("create table other (n integer)");
        }
        let outcome = source(&without_tables.owner_url(), Selection::All).await;
        assert!(
            matches!(
                outcome,
                Err(OpenError::NoTables | OpenError::MissingTables(_))
            ),
            "{kind:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_source_closes_its_connection() {
    let database = Database::with(Kind::Postgres, sample_records());
    let source = open(&database.parsed_url()).await;
    let stop_at_once = || {
        let mut deliver = |_| Err(TransferError::Interrupted);
        let mut output = BatchSender::new(&mut deliver);
        source.read(&mut output).and_then(|()| output.flush())
    };
    let outcome = spawn_blocking(stop_at_once).await.unwrap();
    assert!(matches!(outcome, Err(TransferError::Interrupted)));
    let wait_for_disconnection = "do $$ begin
        for attempt in 1..600 loop
            if not exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid())
            then return; end if;
            perform pg_sleep(0.05); perform pg_stat_clear_snapshot();
        end loop;
        raise 'the connection is still open';
    end $$";
    database.execute(wait_for_disconnection);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_a_ticket_is_exported_unchanged() {
    let mut records = sample_records();
    let mut written = ticket_of(200, ALICE);
    written.status = Status::Canceled;
    written.notes = Some(String::new());
    written.occur_at = Some(Timestamp::NEG_INFINITY);
    written.last_updated_at = None;
    records.tickets.push(written.clone());
    for kind in KINDS {
        let database = Database::with(kind, records.clone());
        let selection = Selection::Tickets([ticket(200)].into());
        let read = export_selected(&database.parsed_url(), selection).await;
        assert_eq!(read, [Record::Ticket(written.clone())], "{kind:?}");
    }
}
