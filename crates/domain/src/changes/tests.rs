//! Tests of changes: which fields count as changed, and in which order traces are read.

use std::cell::Cell;

use super::*;
use crate::{Category, Date, Priority, StaffId, Status, TicketId, Timestamp, TraceId};

fn trace(id: i64, second: i64) -> Trace {
    let at = Timestamp::from_unix_seconds(1_765_015_200 + second).unwrap();
    let ticket = TicketId::new(123).unwrap();
    Trace::new(TraceId::new(id), ticket, at, StaffId::from("W007"))
}

fn with_status(id: i64, second: i64, status: Status) -> Trace {
    Trace {
        new_status: Some(status),
        ..trace(id, second)
    }
}

/// Returns the text `field: from -> to` for each change.
fn text(changes: TraceChanges) -> Vec<String> {
    let text = |change: FieldChange| {
        let from = change.from.map_or(String::new(), |value| value.to_string());
        format!("{}: {from} -> {}", change.field(), change.to)
    };
    changes.iter().map(text).collect()
}

fn all_texts(traces: &[Trace]) -> Vec<(i64, Vec<String>)> {
    trace_changes(traces)
        .map(|(trace, changes)| (trace.id.get(), text(changes)))
        .collect()
}

#[test]
fn first_trace_changes_fields_that_had_no_value() {
    let mut created = with_status(1, 0, Status::Fresh);
    created.new_priority = Some(Priority::InPassing);
    created.new_appointment = Some(Date::from_ymd(2025, 12, 8).unwrap());
    created.new_category = Some(Category::LowSpeed);

    let changes = TicketFields::default().apply(&created);

    let fields: Vec<_> = changes.iter().map(|change| change.field()).collect();
    assert_eq!(fields, TicketField::ALL, "in the order of the contract");
    assert_eq!(
        text(changes),
        [
            "status:  -> fresh",
            "priority:  -> in-passing",
            "appointment:  -> 2025-12-08",
            "category:  -> low-speed",
        ]
    );
}

#[test]
fn setting_the_current_value_is_not_a_change() {
    let traces = [
        with_status(1, 0, Status::Scheduled),
        trace(2, 1),
        Trace {
            new_priority: Some(Priority::Least),
            ..with_status(3, 2, Status::Scheduled)
        },
        with_status(4, 3, Status::Scheduled),
    ];
    let expected = [
        (1, vec!["status:  -> scheduled".to_owned()]),
        (2, vec![]),
        (3, vec!["priority:  -> least".to_owned()]),
        (4, vec![]),
    ];
    assert_eq!(all_texts(&traces), expected);
    assert!(TraceChanges::default().is_empty());
}

#[test]
fn value_before_a_change_is_the_last_value_set() {
    let traces = [
        with_status(1, 0, Status::Fresh),
        with_status(2, 1, Status::Solved),
        Trace {
            new_category: Some(Category::Others),
            ..trace(3, 2)
        },
        with_status(4, 3, Status::Fresh),
    ];
    let (_, changes) = trace_changes(&traces).next_back().unwrap();
    assert_eq!(text(changes), ["status: solved -> fresh"]);
    assert_eq!(changes.get(TicketField::Category), None);
    let change = changes.get(TicketField::Status).unwrap();
    assert_eq!(change.from, Some(FieldValue::Status(Status::Solved)));
}

#[test]
fn unsorted_traces_are_read_by_time_then_id() {
    let in_order = [
        with_status(9, 0, Status::Fresh),
        with_status(3, 1, Status::Scheduled),
        with_status(5, 1, Status::Delay),
        with_status(4, 2, Status::Solved),
    ];
    let expected = all_texts(&in_order);
    assert_eq!(
        expected.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        [9, 3, 5, 4]
    );

    for order in [[3, 2, 1, 0], [2, 0, 3, 1], [0, 2, 1, 3]] {
        let shuffled = order.map(|index| in_order[index].clone());
        assert_eq!(all_texts(&shuffled), expected, "{order:?}");
    }
}

#[test]
fn changes_at_matches_trace_changes_at_every_index() {
    let traces = vec![
        with_status(1, 0, Status::Fresh),
        with_status(2, 1, Status::Fresh),
        with_status(3, 2, Status::Solved),
    ];
    let history = TicketHistory::new("2024310001".into(), traces);
    for (index, (_, changes)) in trace_changes(&history.traces).enumerate() {
        assert_eq!(history.changes_at(index), Some(changes));
    }
    assert_eq!(history.changes_at(3), None);
    assert_eq!(history.changes_at(usize::MAX), None);
}

/// A trace that counts how often it is read.
struct ReadCounter<'a> {
    trace: Trace,
    reads: &'a Cell<usize>,
}

impl Borrow<Trace> for ReadCounter<'_> {
    fn borrow(&self) -> &Trace {
        self.reads.set(self.reads.get() + 1);
        &self.trace
    }
}

#[test]
fn reading_all_changes_takes_linear_time() {
    const LENGTH: i64 = 2_000;
    let histories: [fn(i64) -> Trace; 4] = [
        |n| trace(n, n),
        |n| with_status(n, n, Status::Delay),
        |n| Trace {
            new_status: (n == 0 || n == LENGTH - 1).then_some(Status::Fresh),
            new_priority: (n % 2 == 0).then_some(Priority::Least),
            ..trace(n, n)
        },
        |n| Trace {
            new_status: (n > LENGTH / 2).then_some(Status::Fresh),
            new_category: (n < LENGTH / 2).then_some(Category::Others),
            ..trace(n, n)
        },
    ];
    for (n, history) in histories.into_iter().enumerate() {
        let reads = Cell::new(0);
        let traces: Vec<_> = (0..LENGTH)
            .map(|n| ReadCounter {
                trace: history(n),
                reads: &reads,
            })
            .collect();
        for index in (0..traces.len()).rev() {
            changes_at(&traces, index).unwrap();
        }
        assert!(
            reads.get() <= 5 * traces.len(),
            "{} reads in history {n}",
            reads.get()
        );
    }
}
