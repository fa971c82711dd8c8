//! What contradicts what is there, and where.

use wts_domain::{Access, Priority, StaffMember, Status, Ticket, Trace};
use wts_testkit::{Database, TraceOf};

use super::{
    writing::{OURS, stream},
    *,
};

/// What is told of the campus, changed like this, on top of the campus as it is.
async fn told(change: impl Fn(&mut Vec<Record>)) -> Vec<String> {
    let mut told = Vec::new();
    for kind in OURS {
        let database = Database::new(kind);
        let url = database.owner_url();
        put(&url, &stream()).await.unwrap();
        let mut changed = stream();
        change(&mut changed);
        // In batches of every kind: records that belong together are not always in the same.
        for batch in [1, 4, 1_000] {
            let outcome = put_by(&url, &changed, batch).await;
            let Err(TransferError::Conflicts(faults)) = outcome else {
                panic!("{kind:?}: {outcome:?}");
            };
            let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
            if batch == 1_000 {
                told.push(faults.join("\n"));
            }
        }
        assert_eq!(
            everything(&url).await,
            stream(),
            "{kind:?}: nothing has changed"
        );
    }
    told
}

fn staff(records: &mut [Record], at: usize) -> &mut StaffMember {
    match records.get_mut(at) {
        Some(Record::Staff(staff)) => staff,
        other => panic!("{other:?}"),
    }
}

fn ticket_at(records: &mut [Record], at: usize) -> &mut Ticket {
    match records.get_mut(at) {
        Some(Record::Ticket(ticket)) => ticket,
        other => panic!("{other:?}"),
    }
}

fn trace(records: &mut [Record], at: usize) -> &mut Trace {
    match records.get_mut(at) {
        Some(Record::Trace(trace)) => trace,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_stands_differently_is_told_field_by_field() {
    let told = told(|records| {
        let changed = ticket_at(records, 3);
        changed.status = Status::Canceled;
        changed.priority = Priority::Least;
        changed.appointed_at = Some("2026-01-01T00:00:00Z".parse().unwrap());
        changed.description += "!";
        changed.notes = Some(String::new());
    })
    .await;
    for told in told {
        assert_eq!(
            told,
            "line 5: ticket 123: description: another text is there\n\
             line 5: ticket 123: notes: another text is there\n\
             line 5: ticket 123: appointed_at: 2026-01-01T00:00:00Z here, nothing there\n\
             line 5: ticket 123: priority: least here, mainline there\n\
             line 5: ticket 123: status: canceled here, fresh there"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_says_something_else_is_told() {
    let told = told(|records| {
        let changed = trace(records, 5);
        changed.remark.push('!');
        changed.new_status = None;
    })
    .await;
    for told in told {
        assert_eq!(
            told,
            "line 7: trace 3: new_status: nothing here, solved there\nline 7: trace 3: remark: another text is there"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_is_another_tickets_there_is_told() {
    let told =
        told(|records| records.push(Record::Trace(TraceOf::ticket(125, 5, 60, "W007", "")))).await;
    for told in told {
        assert!(
            told.starts_with("line 13: trace 5: tid: 125 here, 124 there"),
            "{told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_longer_here_is_told() {
    let told =
        told(|records| records.push(Record::Trace(TraceOf::ticket(125, 70, 60, "W007", "")))).await;
    for told in told {
        assert_eq!(
            told,
            "line 13: trace 70: its ticket is there, but without this trace"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_shorter_here_is_told_also_of_the_last_ticket() {
    let first = told(|records| drop(records.remove(5))).await;
    for told in first {
        assert_eq!(told, "line 5: ticket 123: traces: 1 traces here, 2 there");
    }
    let last = told(|records| records.truncate(9)).await;
    for told in last {
        assert_eq!(told, "line 8: ticket 124: traces: 2 traces here, 3 there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_of_another_name_rank_or_number_are_told_but_not_by_name() {
    type Change<'a> = &'a dyn Fn(&mut StaffMember);
    let changes: [(Change<'_>, &str); 4] = [
        (
            &|member| member.name.push('!'),
            "name: another text is there",
        ),
        (
            &|member| member.access = Access::Chief,
            "access: chief here, formal-member there",
        ),
        (
            &|member| member.student = "2099".into(),
            "sid: another text is there",
        ),
        (
            &|member| member.id = "W008".into(),
            "wid: another text is there",
        ),
    ];
    for (change, problem) in changes {
        let told = told(|records| change(staff(records, 2))).await;
        for told in told {
            assert!(told.starts_with("line 4: staff \"W00"), "{told}");
            assert!(told.contains(problem), "{told}");
            assert!(!told.contains("詹姆斯"), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_for_two_traces_is_refused_in_an_empty_database_too() {
    for kind in OURS {
        for batch in [1, 2, 1_000] {
            let database = Database::new(kind);
            let mut records = stream();
            records.push(Record::Trace(TraceOf::ticket(125, 3, 90_000, "W007", "")));
            let told = put_by(&database.owner_url(), &records, batch)
                .await
                .unwrap_err()
                .to_string();
            assert!(told.contains("line 13: trace 3: "), "{kind:?}: {told}");
            assert_eq!(everything(&database.owner_url()).await, [], "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_contradictions_some_are_told() {
    let told = told(|records| {
        for record in records {
            if let Record::Trace(trace) = record {
                trace.remark.push('!');
                trace.new_priority = Some(Priority::Least);
            }
        }
    })
    .await;
    for told in told {
        assert_eq!(told.lines().count(), 10, "{told}");
    }
}
