//! Reading whole histories.

use wts_adapter_db::OpenError;
use wts_domain::{Status, Timestamp};
use wts_testkit::{ALICE, Database, Kind, TraceOf, campus, ticket, ticket_of};

use super::*;

const KINDS: [Kind; 3] = [Kind::Sqlite, Kind::Postgres, Kind::WtsV3];

/// `staff -1`, `ticket 123` and so on.
fn names(records: &[Record]) -> Vec<String> {
    let name = |record: &Record| match record {
        Record::Staff(staff) => format!("staff {}", staff.id),
        Record::Ticket(ticket) => format!("ticket {}", ticket.id),
        Record::Trace(trace) => format!("trace {}", trace.id),
    };
    records.iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_database_gives_the_same_records_in_the_same_order() {
    for kind in KINDS {
        let database = Database::with(kind, campus());
        let records = everything(&database.parsed_url()).await;
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
        let mut expected = campus();
        expected
            .traces
            .sort_by_key(|trace| (trace.ticket, trace.updated_at, trace.id));
        let traces = records.iter().filter_map(|record| match record {
            Record::Trace(trace) => Some(trace),
            _ => None,
        });
        assert!(traces.eq(&expected.traces), "{kind:?}");
        let Some(Record::Staff(member)) = records.get(2) else {
            panic!("a member of the staff");
        };
        assert_eq!(
            (member.student.as_str(), member.name.as_str()),
            ("2022310007", "詹姆斯")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn students_who_only_filed_tickets_are_not_named() {
    for kind in KINDS {
        let database = Database::with(kind, campus());
        let told = format!("{:?}", everything(&database.parsed_url()).await);
        assert!(told.contains(ALICE) && told.contains("詹姆斯"));
        assert!(!told.contains("爱丽丝"), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_comes_with_its_history_and_those_who_acted_on_it() {
    for kind in KINDS {
        let database = Database::with(kind, campus());
        let url = database.parsed_url();
        let some =
            |tickets: &[i64]| Selection::Tickets(tickets.iter().map(|n| ticket(*n)).collect());
        assert_eq!(
            names(&selected(&url, some(&[123])).await),
            ["staff -1", "staff W007", "ticket 123", "trace 1", "trace 3"],
            "{kind:?}"
        );
        assert_eq!(
            names(&selected(&url, some(&[125, 9_999, 123, 125])).await),
            [
                "staff -1",
                "staff W007",
                "ticket 123",
                "trace 1",
                "trace 3",
                "ticket 125"
            ],
            "{kind:?}: each once, in order, those that there are"
        );
        assert_eq!(selected(&url, some(&[i64::MAX])).await, [], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_of_a_stretch_of_time_are_those_filed_in_it() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    for kind in KINDS {
        let mut records = campus();
        for (number, moment) in [
            (200, "2026-01-01T00:00:00Z"),
            (201, "2026-02-01T00:00:00Z"),
            (202, "infinity"),
        ] {
            let mut filed = ticket_of(number, ALICE);
            filed.submitted_at = at(moment);
            records.tickets.push(filed);
        }
        records.traces.push(TraceOf::ticket(200, 50, 0, "-2", ""));
        let database = Database::with(kind, records);
        let filed = |since: &str, before: Option<&str>| Selection::Filed {
            since: Some(at(since)),
            before: before.map(at),
        };
        let url = database.parsed_url();
        let january = filed("2026-01-01T00:00:00Z", Some("2026-02-01T00:00:00Z"));
        assert_eq!(
            names(&selected(&url, january).await),
            ["staff -2", "ticket 200", "trace 50"],
            "{kind:?}"
        );
        let later = filed("2026-01-01T00:00:00.000001Z", None);
        assert_eq!(
            names(&selected(&url, later).await),
            ["ticket 201", "ticket 202"],
            "{kind:?}"
        );
        let earlier = Selection::Filed {
            since: None,
            before: Some(Timestamp::INFINITY),
        };
        let all = selected(&url, Selection::All).await;
        let without: Vec<_> = names(&all)
            .into_iter()
            .filter(|name| name.starts_with("ticket ") && name != "ticket 202")
            .collect();
        let mut earlier = names(&selected(&url, earlier).await);
        earlier.retain(|name| name.starts_with("ticket "));
        assert_eq!(earlier, without, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_after_the_reading_has_begun_is_not_read() {
    for kind in KINDS {
        let mut records = campus();
        records
            .tickets
            .extend((1_000..6_000).map(|number| ticket_of(number, ALICE)));
        let database = Database::with(kind, records);
        let before = everything(&database.parsed_url()).await;

        let source = source(&database.parsed_url(), Selection::All)
            .await
            .unwrap();
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
        assert!(all_of(source).await.unwrap() == before, "{kind:?}");
        assert!(
            everything(&database.parsed_url()).await != before,
            "{kind:?}: now it is"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_longer_than_a_batch_is_whole() {
    for kind in KINDS {
        let mut records = campus();
        // Many at the same moment, so that batches end in the middle of it.
        let traces = (100..9_100).map(|id| TraceOf::ticket(125, id, id / 3_000, "W007", "又一次"));
        records.traces.extend(traces);
        let database = Database::with(kind, records);
        let ids: Vec<_> = everything(&database.parsed_url())
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

#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_nobody_knows_is_told_with_its_record_and_field() {
    for kind in KINDS {
        let database = Database::with(kind, campus());
        let traces = database.table("ticket_traces");
        let unchecked = match kind {
            Kind::Sqlite => "pragma ignore_check_constraints = on",
            Kind::Postgres => {
                "alter table wts.ticket_traces drop constraint ticket_traces_new_status_check"
            }
            Kind::WtsV3 => "alter type wts.status add value 'melted'",
        };
        database.execute(unchecked);
        let unchecked = if kind == Kind::Sqlite {
            unchecked
        } else {
            "select 1"
        };
        database.execute(&format!(
            "{unchecked}; update {traces} set new_status = 'melted' where opid = 3"
        ));
        let told = all_of(
            source(&database.parsed_url(), Selection::All)
                .await
                .unwrap(),
        )
        .await
        .unwrap_err()
        .to_string();
        assert_eq!(
            told, "trace 3: new_status: \"melted\" is no ticket status",
            "{kind:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_are_not_passed_over() {
    let database = Database::with(Kind::Sqlite, campus());
    database.execute("update ticket_traces set remark = cast(x'ff41' as text) where opid = 3");
    let outcome = all_of(
        source(&database.parsed_url(), Selection::All)
            .await
            .unwrap(),
    )
    .await;
    let Err(TransferError::Failed(what, cause)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(what, "cannot read the database");
    assert!(format!("{cause:?}").contains("no UTF-8"), "{cause:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_without_a_student_have_no_name() {
    for kind in KINDS {
        let database = Database::with(kind, campus());
        let students = database.table("students");
        database.delete_unchecked(&format!("delete from {students} where sid = '2022310007'"));
        let records = everything(&database.parsed_url()).await;
        let unnamed = records.iter().any(|record| {
            matches!(record, Record::Staff(staff) if staff.id.as_str() == "W007" && staff.name.is_empty())
        });
        assert!(unnamed, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_or_not_ours_to_read_is_told_of_at_once() {
    let missing = DatabaseUrl::sqlite("/no/such/file.db");
    assert!(matches!(
        source(&missing, Selection::All).await,
        Err(OpenError::NoSuchFile(_))
    ));
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let bare = Database::without_tables(kind);
        if kind == Kind::Sqlite {
            bare.execute("create table other (n integer)");
        }
        let outcome = source(&bare.owner_url(), Selection::All).await;
        assert!(matches!(outcome, Err(OpenError::Unreadable(_))), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_dropped_half_way_leaves_nobody_at_work() {
    let database = Database::with(Kind::Postgres, campus());
    let source = source(&database.parsed_url(), Selection::All)
        .await
        .unwrap();
    let stop_at_once = || {
        let mut deliver = |_| Err(TransferError::Interrupted);
        let mut output = BatchSender::new(&mut deliver);
        source.read(&mut output).and_then(|()| output.flush())
    };
    let outcome = spawn_blocking(stop_at_once).await.unwrap();
    assert!(matches!(outcome, Err(TransferError::Interrupted)));
    let gone = "do $$ begin
        for attempt in 1..600 loop
            if not exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid())
            then return; end if;
            perform pg_sleep(0.05); perform pg_stat_clear_snapshot();
        end loop;
        raise 'somebody is still there';
    end $$";
    database.execute(gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_told_of_as_it_stands() {
    let mut records = campus();
    let mut odd = ticket_of(200, ALICE);
    odd.status = Status::Canceled;
    odd.notes = Some(String::new());
    odd.occur_at = Some(Timestamp::NEG_INFINITY);
    odd.last_updated_at = None;
    records.tickets.push(odd.clone());
    for kind in KINDS {
        let database = Database::with(kind, records.clone());
        let read = selected(
            &database.parsed_url(),
            Selection::Tickets([ticket(200)].into()),
        )
        .await;
        assert_eq!(read, [Record::Ticket(odd.clone())], "{kind:?}");
    }
}
