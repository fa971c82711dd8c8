//! Tests of the audit: valid histories, and one history for each rule that can be broken.

use super::*;
use crate::{Category, Date, Priority, StaffId, Status, StudentId, TicketId};

/// 2025-12-06T10:00:00Z, in microseconds since 2000-01-01.
const CREATED_AT: i64 = 818_330_400_000_000;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_micros_since_2000(CREATED_AT + minute * 60_000_000)
}

/// Returns a trace `minute` minutes after the creation of the ticket.
fn trace(id: i64, minute: i64, status: Option<Status>) -> Trace {
    let ticket = TicketId::new(123).unwrap();
    let mut trace = Trace::new(TraceId::new(id), ticket, at(minute), StaffId::from("W007"));
    trace.new_status = status;
    trace
}

/// Returns a ticket and its history: a first trace that sets all fields of the ticket, then one trace for each status
/// in `steps`.
fn history(steps: &[Status]) -> (Ticket, Vec<Trace>) {
    let mut ticket = Ticket::new(
        TicketId::new(123).unwrap(),
        StudentId::from("2024310001"),
        at(0),
        Category::LowSpeed,
        "很慢".to_owned(),
    );
    let mut created = trace(1, 0, Some(Status::Fresh));
    created.new_priority = Some(ticket.priority);
    created.new_category = Some(ticket.category);
    let mut traces = vec![created];
    for (n, status) in (1..).zip(steps) {
        traces.push(trace(1 + n, n, Some(*status)));
        ticket.status = *status;
    }
    ticket.last_updated_at = traces.last().map(|trace| trace.updated_at);
    (ticket, traces)
}

#[test]
fn valid_history_has_no_findings() {
    use Status::{Canceled, Delay, Escalated, Fresh, Scheduled, Solved};
    for steps in [
        &[][..],
        &[Solved],
        &[Scheduled, Delay, Scheduled, Escalated, Escalated, Solved],
        &[Solved, Fresh, Solved, Fresh, Canceled],
        &[Delay, Delay, Canceled],
    ] {
        let (ticket, traces) = history(steps);
        assert_eq!(audit_history(&ticket, &traces), [], "{steps:?}");
    }
}

#[test]
fn documented_example_without_category_has_no_findings() {
    let (mut ticket, mut traces) = history(&[Status::Solved]);
    traces[0].new_category = None;
    traces[1].id = TraceId::new(3);
    ticket.category = Category::Others;
    assert_eq!(audit_history(&ticket, &traces), []);
}

#[test]
fn trace_without_status_counts_as_last_update() {
    let (mut ticket, mut traces) = history(&[Status::Canceled]);
    let mut reprioritized = trace(9, 5, None);
    reprioritized.new_priority = Some(Priority::Highest);
    traces.push(reprioritized);
    ticket.priority = Priority::Highest;
    ticket.last_updated_at = Some(at(5));
    assert_eq!(audit_history(&ticket, &traces), []);
}

#[test]
fn ticket_without_traces_has_a_single_finding() {
    let (ticket, _) = history(&[Status::Solved]);
    assert_eq!(audit_history(&ticket, &[]), [HistoryFinding::NoTraces]);
}

#[test]
fn first_trace_without_status_fresh_is_reported() {
    for status in [None, Some(Status::Scheduled)] {
        let (mut ticket, mut traces) = history(&[Status::Solved]);
        traces[0].new_status = status;
        ticket.status = Status::Solved;
        let trace = TraceId::new(1);
        assert_eq!(
            audit_history(&ticket, &traces),
            [HistoryFinding::NotCreated { trace, status }]
        );
    }
}

#[test]
fn status_change_that_is_not_allowed_is_reported() {
    use Status::{Canceled, Delay, Escalated, Fresh, Scheduled, Solved};
    let open = &[Delay, Scheduled, Escalated, Canceled, Solved][..];
    let allowed = |from| match from {
        Fresh | Scheduled | Delay => open,
        Escalated => &[Scheduled, Escalated, Canceled, Solved],
        Solved => &[Fresh],
        Canceled => &[],
    };
    for from in Status::ALL.iter().copied() {
        for to in Status::ALL.iter().copied() {
            let before: &[Status] = if from == Fresh { &[] } else { &[from] };
            let (ticket, traces) = history(&[before, &[to]].concat());
            let trace = traces.last().unwrap().id;
            let expected = if allowed(from).contains(&to) {
                vec![]
            } else {
                vec![HistoryFinding::StepNotAllowed { trace, from, to }]
            };
            assert_eq!(audit_history(&ticket, &traces), expected, "{from} to {to}");
        }
    }
}

#[test]
fn later_trace_with_a_smaller_id_is_reported() {
    let (ticket, mut traces) = history(&[Status::Scheduled, Status::Solved]);
    traces[1].id = TraceId::new(7);
    assert_eq!(
        audit_history(&ticket, &traces),
        [HistoryFinding::OutOfOrder {
            trace: TraceId::new(3),
            after: TraceId::new(7)
        }]
    );
}

#[test]
fn ticket_that_differs_from_its_traces_is_reported() {
    let (valid, mut traces) = history(&[Status::Scheduled]);
    let date = Date::from_days_since_2000(9_473);
    traces[1].new_appointment = Some(date);
    let mut ticket = valid.clone();
    ticket.status = Status::Delay;
    ticket.priority = Priority::Least;
    ticket.category = Category::Others;
    ticket.last_updated_at = Some(at(7));

    assert_eq!(
        audit_history(&ticket, &traces),
        [
            HistoryFinding::StatusDiffers {
                ticket: Status::Delay,
                traces: Status::Scheduled
            },
            HistoryFinding::PriorityDiffers {
                ticket: Priority::Least,
                traces: Priority::Mainline
            },
            HistoryFinding::CategoryDiffers {
                ticket: Category::Others,
                traces: Category::LowSpeed
            },
            HistoryFinding::AppointmentDiffers {
                ticket: None,
                traces: Some(date)
            },
            HistoryFinding::LastUpdateDiffers {
                ticket: at(7),
                traces: at(1)
            },
        ]
    );
}

#[test]
fn appointment_without_a_trace_is_reported() {
    let (mut ticket, traces) = history(&[]);
    ticket.appointed_at = Some(Date::INFINITY);
    let findings = audit_history(&ticket, &traces);
    assert_eq!(
        findings[0].to_string(),
        "the ticket's appointment is infinity, but its traces result in none"
    );
}

#[test]
fn finding_about_one_trace_returns_its_id() {
    let (ticket, traces) = history(&[Status::Canceled, Status::Solved]);
    let [finding] = audit_history(&ticket, &traces)[..] else {
        panic!("one finding");
    };
    assert_eq!(finding.trace(), Some(TraceId::new(3)));
    assert_eq!(
        finding.to_string(),
        "status change not allowed: from canceled to solved"
    );
    assert_eq!(HistoryFinding::NoTraces.trace(), None);
}
