//! Tests of imports that conflict with existing records.

use wts_domain::{Priority, Status, Ticket, Trace};
use wts_testkit::Database;

use super::*;

/// Imports the sample, then the sample with a change, and returns the conflicts of each kind of database.
async fn conflicts(change: impl Fn(&mut Vec<Record>)) -> Vec<String> {
    let mut messages = Vec::new();
    for kind in WRITABLE {
        let database = Database::new(kind);
        let url = database.owner_url();
        import(&url, &sample()).await.unwrap();
        let mut changed = sample();
        change(&mut changed);
        // With small batches, the records of a ticket are in different batches.
        for batch in [1, 4, 1_000] {
            let outcome = import_by(&url, &changed, batch).await;
            let Err(TransferError::Conflicts(conflicts)) = outcome else {
                panic!("{kind:?}: {outcome:?}");
            };
            if batch == 1_000 {
                let conflicts: Vec<_> = conflicts.iter().map(ToString::to_string).collect();
                messages.push(conflicts.join("\n"));
            }
        }
        assert_eq!(
            export(&url).await,
            sample(),
            "{kind:?}: nothing has changed"
        );
    }
    messages
}

async fn assert_conflicts(change: impl Fn(&mut Vec<Record>), expected: &str) {
    assert_eq!(conflicts(change).await, [expected, expected]);
}

fn staff_at(records: &mut [Record], at: usize) -> &mut StaffMember {
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

fn trace_at(records: &mut [Record], at: usize) -> &mut Trace {
    match records.get_mut(at) {
        Some(Record::Trace(trace)) => trace,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_ticket_is_a_conflict_for_each_field() {
    let change = |records: &mut Vec<Record>| {
        let changed = ticket_at(records, 3);
        changed.status = Status::Canceled;
        changed.priority = Priority::Least;
        changed.appointed_at = Some("2026-01-01T00:00:00Z".parse().unwrap());
        changed.description += "!";
        changed.notes = Some(String::new());
    };
    let expected = "line 5: ticket 123: description: the database has a different text\n\
        line 5: ticket 123: notes: the database has a different text\n\
        line 5: ticket 123: appointed_at: 2026-01-01T00:00:00Z in the import, nothing in the database\n\
        line 5: ticket 123: priority: least in the import, mainline in the database\n\
        line 5: ticket 123: status: canceled in the import, fresh in the database";
    assert_conflicts(change, expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_trace_is_a_conflict_for_each_field() {
    let change = |records: &mut Vec<Record>| {
        let changed = trace_at(records, 5);
        changed.remark.push('!');
        changed.new_status = None;
    };
    let expected = "line 7: trace 3: new_status: nothing in the import, solved in the database\n\
        line 7: trace 3: remark: the database has a different text";
    assert_conflicts(change, expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_id_of_another_ticket_is_a_conflict() {
    for messages in conflicts(|records| records.push(trace_record(125, 5, "W007"))).await {
        let expected = "line 13: trace 5: tid: 125 in the import, 124 in the database";
        assert!(messages.starts_with(expected), "{messages}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn longer_or_shorter_history_is_a_conflict() {
    let longer = |records: &mut Vec<Record>| records.push(trace_record(125, 70, "W007"));
    let expected = "line 13: trace 70: the database has the ticket, but not this trace";
    assert_conflicts(longer, expected).await;
    let shorter = |records: &mut Vec<Record>| drop(records.remove(5));
    let expected = "line 5: ticket 123: traces: 1 traces in the import, 2 in the database";
    assert_conflicts(shorter, expected).await;
    let shorter_at_the_end = |records: &mut Vec<Record>| records.truncate(9);
    let expected = "line 8: ticket 124: traces: 2 traces in the import, 3 in the database";
    assert_conflicts(shorter_at_the_end, expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conflict_of_changed_staff_does_not_contain_names() {
    type Change = fn(&mut StaffMember);
    let changes: [(Change, &str); 4] = [
        (
            |member| member.name.push('!'),
            "name: the database has a different text",
        ),
        (
            |member| member.access = Access::Chief,
            "access: chief in the import, formal-member in the database",
        ),
        (
            |member| member.student = "2099".into(),
            "sid: the database has a different text",
        ),
        (
            |member| member.id = "W008".into(),
            "wid: the database has a different text",
        ),
    ];
    for (change, problem) in changes {
        for messages in conflicts(|records| change(staff_at(records, 2))).await {
            assert!(messages.starts_with("line 4: staff \"W00"), "{messages}");
            assert!(messages.contains(problem), "{messages}");
            assert!(!messages.contains("詹姆斯"), "{messages}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicate_trace_id_is_rejected_in_an_empty_database() {
    for kind in WRITABLE {
        for batch in [1, 2, 1_000] {
            let database = Database::new(kind);
            let url = database.owner_url();
            let mut records = sample();
            records.push(trace_record(125, 3, "W007"));
            let error = import_by(&url, &records, batch).await.unwrap_err();
            let error = error.to_string();
            assert!(error.contains("line 13: trace 3: "), "{kind:?}: {error}");
            assert_eq!(export(&url).await, [], "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_conflicts_are_listed() {
    let change = |records: &mut Vec<Record>| {
        for record in records {
            if let Record::Trace(trace) = record {
                trace.remark.push('!');
                trace.new_priority = Some(Priority::Least);
            }
        }
    };
    for messages in conflicts(change).await {
        assert_eq!(messages.lines().count(), 10, "{messages}");
    }
}
