//! Histories that obey the rules, and one for every way to break them.

use super::*;
use crate::{Category, Day, Priority, StaffId, Status, StudentId, TicketId};

const TEN: i64 = 818_330_400_000_000;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_micros_since_2000(TEN + minute * 60_000_000)
}

/// A trace so many minutes after ten.
fn trace(id: i64, minute: i64, status: Option<Status>) -> Trace {
    let ticket = TicketId::new(123).unwrap();
    let mut trace = Trace::new(TraceId::new(id), ticket, at(minute), StaffId::from("W007"));
    trace.new_status = status;
    trace
}

/// Created at ten, with everything that the ticket has, and then taken through these statuses.
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
fn a_history_that_obeys_the_rules_has_no_findings() {
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
fn the_documents_example_obeys_the_rules_although_it_never_names_a_category() {
    let (mut ticket, mut traces) = history(&[Status::Solved]);
    traces[0].new_category = None;
    traces[1].id = TraceId::new(3);
    ticket.category = Category::Others;
    assert_eq!(audit_history(&ticket, &traces), []);
}

#[test]
fn a_trace_without_a_status_is_no_step_but_counts_as_the_last_change() {
    let (mut ticket, mut traces) = history(&[Status::Canceled]);
    let mut moved = trace(9, 5, None);
    moved.new_priority = Some(Priority::Highest);
    traces.push(moved);
    ticket.priority = Priority::Highest;
    ticket.last_updated_at = Some(at(5));
    assert_eq!(audit_history(&ticket, &traces), []);
}

#[test]
fn a_ticket_without_traces_is_found_and_nothing_else_about_it() {
    let (ticket, _) = history(&[Status::Solved]);
    assert_eq!(audit_history(&ticket, &[]), [Finding::NoTraces]);
}

#[test]
fn a_first_trace_that_creates_nothing_is_found() {
    for status in [None, Some(Status::Scheduled)] {
        let (mut ticket, mut traces) = history(&[Status::Solved]);
        traces[0].new_status = status;
        ticket.status = Status::Solved;
        let trace = TraceId::new(1);
        assert_eq!(
            audit_history(&ticket, &traces),
            [Finding::NotCreated { trace, status }]
        );
    }
}

#[test]
fn every_step_that_the_writers_do_not_take_is_found() {
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
            let way: &[Status] = if from == Fresh { &[] } else { &[from] };
            let (ticket, traces) = history(&[way, &[to]].concat());
            let trace = traces.last().unwrap().id;
            let expected = if allowed(from).contains(&to) {
                vec![]
            } else {
                vec![Finding::StepNotAllowed { trace, from, to }]
            };
            assert_eq!(audit_history(&ticket, &traces), expected, "{from} to {to}");
        }
    }
}

#[test]
fn a_later_trace_with_a_smaller_id_is_found() {
    let (ticket, mut traces) = history(&[Status::Scheduled, Status::Solved]);
    traces[1].id = TraceId::new(7);
    assert_eq!(
        audit_history(&ticket, &traces),
        [Finding::OutOfOrder {
            trace: TraceId::new(3),
            after: TraceId::new(7)
        }]
    );
}

#[test]
fn a_ticket_that_does_not_stand_as_its_traces_left_it_is_found_column_by_column() {
    let (sound, mut traces) = history(&[Status::Scheduled]);
    let day = Day::from_days_since_2000(9_473);
    traces[1].new_appointment = Some(day);
    let mut ticket = sound.clone();
    ticket.status = Status::Delay;
    ticket.priority = Priority::Least;
    ticket.category = Category::Others;
    ticket.last_updated_at = Some(at(7));

    assert_eq!(
        audit_history(&ticket, &traces),
        [
            Finding::StatusDiffers {
                ticket: Status::Delay,
                traces: Status::Scheduled
            },
            Finding::PriorityDiffers {
                ticket: Priority::Least,
                traces: Priority::Mainline
            },
            Finding::CategoryDiffers {
                ticket: Category::Others,
                traces: Category::LowSpeed
            },
            Finding::AppointmentDiffers {
                ticket: None,
                traces: Some(day)
            },
            Finding::LastUpdateDiffers {
                ticket: at(7),
                traces: at(1)
            },
        ]
    );
}

#[test]
fn an_appointment_that_no_trace_made_is_found() {
    let (mut ticket, traces) = history(&[]);
    ticket.appointed_at = Some(Day::INFINITY);
    let findings = audit_history(&ticket, &traces);
    assert_eq!(
        findings[0].to_string(),
        "the ticket's appointment is infinity, but its traces leave it none"
    );
}

#[test]
fn a_finding_about_one_trace_names_it() {
    let (ticket, traces) = history(&[Status::Canceled, Status::Solved]);
    let [finding] = audit_history(&ticket, &traces)[..] else {
        panic!("one finding");
    };
    assert_eq!(finding.trace(), Some(TraceId::new(3)));
    assert_eq!(
        finding.to_string(),
        "the status goes from canceled to solved, which is no step"
    );
    assert_eq!(Finding::NoTraces.trace(), None);
}
