//! What the demo shows can be believed.

use std::collections::{BTreeMap, HashSet};

use wts_domain::{Status, Trace};

use super::*;

fn histories(records: &Records) -> BTreeMap<i64, Vec<&Trace>> {
    let mut histories: BTreeMap<i64, Vec<&Trace>> = BTreeMap::new();
    for trace in &records.traces {
        histories.entry(trace.ticket.get()).or_default().push(trace);
    }
    histories
}

#[test]
fn every_start_shows_the_same_campus() {
    let (one, other) = (Campus::make().records, Campus::make().records);
    assert_eq!(one.traces, other.traces);
    assert_eq!(one.tickets, other.tickets);
    assert_eq!(one.students, other.students);
}

#[test]
fn ticket_123_is_the_api_documents_example() {
    let campus = Campus::make();
    let [created, solved] = histories(&campus.records)[&123][..] else {
        panic!("two traces");
    };
    assert_eq!(
        (created.id.get(), created.updated_at.to_string().as_str()),
        (1, "2025-12-06T10:00:00Z")
    );
    assert_eq!(
        (solved.id.get(), solved.updated_at.to_string().as_str()),
        (3, "2025-12-06T15:30:00Z")
    );
    assert_eq!((created.op.as_str(), solved.op.as_str()), ("-1", "W007"));
    let first = &campus.records.tickets[0];
    assert_eq!((first.id.get(), &first.issuer), (123, &campus.issuer.sid));
    assert_ne!(campus.issuer.sid, campus.another.sid);
}

#[test]
fn the_operator_of_the_demo_is_who_solved_it() {
    let campus = Campus::make();
    let w007 = campus
        .records
        .operators
        .iter()
        .find(|operator| operator.wid.as_str() == "W007")
        .unwrap();
    assert_eq!(w007.sid, campus.operator.sid);
    assert!(w007.access.is_operator());
}

#[test]
fn a_few_hundred_tickets_come_to_stand_in_every_status() {
    let records = Campus::make().records;
    assert_eq!(records.tickets.len(), 400);
    let statuses: HashSet<_> = records.tickets.iter().map(|ticket| ticket.status).collect();
    assert_eq!(statuses, Status::ALL.iter().copied().collect());
}

#[test]
fn every_history_begins_with_its_creation_and_takes_only_steps_that_are_allowed() {
    use Status::{Canceled, Delay, Escalated, Fresh, Scheduled, Solved};
    for (ticket, history) in histories(&Campus::make().records) {
        assert!(
            history.is_sorted_by_key(|trace| (trace.updated_at, trace.id)),
            "{ticket}"
        );
        assert_eq!(history[0].new_status, Some(Fresh), "{ticket}");
        for step in history.windows(2) {
            let (from, to) = (step[0].new_status.unwrap(), step[1].new_status.unwrap());
            let allowed: &[Status] = match from {
                Fresh | Delay | Scheduled => &[Delay, Scheduled, Escalated, Canceled, Solved],
                Escalated => &[Scheduled, Escalated, Canceled, Solved],
                Solved => &[Fresh],
                _ => &[],
            };
            assert!(allowed.contains(&to), "ticket {ticket}: {from} to {to}");
        }
    }
}

#[test]
fn every_ticket_stands_as_its_traces_left_it() {
    let records = Campus::make().records;
    let histories = histories(&records);
    for ticket in &records.tickets {
        let last = histories[&ticket.id.get()].last().unwrap();
        assert_eq!(Some(ticket.status), last.new_status);
        assert_eq!(ticket.last_updated_at, Some(last.updated_at));
    }
}
