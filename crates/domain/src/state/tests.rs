//! Tests of ticket states: their timestamps, status periods and findings.

use super::*;
use crate::{Priority, StaffId, Status::*, TicketId};

/// Returns a trace `millis` milliseconds after 2025-12-06T10:00:00Z.
fn trace(id: i64, millis: i64, status: impl Into<Option<Status>>) -> Trace {
    let start = Timestamp::from_unix_seconds(1_765_015_200).unwrap();
    let at = Timestamp::from_micros_since_2000(start.micros_since_2000() + millis * 1_000);
    trace_at(id, at, status)
}

fn trace_at(id: i64, at: Timestamp, status: impl Into<Option<Status>>) -> Trace {
    let ticket = TicketId::new(123).unwrap();
    let mut trace = Trace::new(TraceId::new(id), ticket, at, StaffId::from("W007"));
    trace.new_status = status.into();
    trace
}

fn periods(traces: &[Trace]) -> Vec<(Status, Option<i64>)> {
    let state = TicketState::from_traces(traces);
    let periods = state.time_in_status.iter();
    periods
        .map(|period| (period.status, period.seconds()))
        .collect()
}

fn findings(traces: &[Trace]) -> Vec<HistoryFindingKind> {
    let state = TicketState::from_traces(traces);
    state.findings.into_iter().collect()
}

#[test]
fn state_timestamps_are_those_of_the_traces() {
    let traces = [
        trace(1, 0, None),
        trace(2, 1_000, Fresh),
        trace(3, 9_000, None),
    ];
    let state = TicketState::from_traces(&traces);
    assert_eq!(state.created_at, Some(traces[0].updated_at));
    assert_eq!(state.status_since(), Some(traces[1].updated_at));
    assert_eq!(state.last_updated_at, Some(traces[2].updated_at));
}

#[test]
fn first_period_begins_with_the_first_status() {
    assert_eq!(periods(&[trace(1, 0, None)]), []);
    let traces = [trace(1, 0, None), trace(2, 5_000, Fresh)];
    assert_eq!(periods(&traces), [(Fresh, None)]);
    let [period] = TicketState::from_traces(&traces).time_in_status[..] else {
        panic!("expected one period");
    };
    assert_eq!((period.from, period.until), (traces[1].updated_at, None));
}

#[test]
fn setting_the_current_status_begins_no_period() {
    let traces = [
        trace(1, 0, Fresh),
        trace(2, 1_000, Delay),
        trace(3, 2_000, Delay),
        trace(4, 5_000, Solved),
        trace(5, 6_000, Fresh),
    ];
    assert_eq!(
        periods(&traces),
        [
            (Fresh, Some(1)),
            (Delay, Some(4)),
            (Solved, Some(1)),
            (Fresh, None)
        ]
    );
}

#[test]
fn period_of_zero_length_is_kept() {
    let traces = [trace(1, 0, Fresh), trace(2, 0, Solved)];
    assert_eq!(periods(&traces), [(Fresh, Some(0)), (Solved, None)]);
}

#[test]
fn period_length_is_the_difference_of_whole_seconds() {
    let length = |from, until| periods(&[trace(1, from, Fresh), trace(2, until, Solved)])[0].1;
    assert_eq!(length(900, 1_100), Some(1));
    assert_eq!(length(100, 900), Some(0));
    assert_eq!(length(0, 1_999), Some(1));

    // Timestamps before 1970 are rounded down too: -0.5 s is in second -1.
    let epoch = Timestamp::from_unix_seconds(0).unwrap().micros_since_2000();
    let before = Timestamp::from_micros_since_2000(epoch - 500_000);
    let after = Timestamp::from_micros_since_2000(epoch + 500_000);
    let traces = [trace_at(1, before, Fresh), trace_at(2, after, Solved)];
    assert_eq!(periods(&traces)[0].1, Some(1));
}

#[test]
fn period_with_an_infinite_end_has_no_length() {
    let traces = [
        trace_at(1, Timestamp::NEG_INFINITY, Fresh),
        trace(2, 0, Delay),
        trace(3, 2_000, Solved),
        trace_at(4, Timestamp::INFINITY, Fresh),
        trace_at(5, Timestamp::INFINITY, Canceled),
    ];
    assert_eq!(
        periods(&traces),
        [
            (Fresh, None),
            (Delay, Some(2)),
            (Solved, None),
            (Fresh, None),
            (Canceled, None)
        ]
    );
}

#[test]
fn longest_finite_period_does_not_overflow() {
    let traces = [
        trace_at(1, Timestamp::from_micros_since_2000(i64::MIN + 1), Fresh),
        trace_at(2, Timestamp::from_micros_since_2000(i64::MAX - 1), Solved),
    ];
    assert_eq!(periods(&traces)[0].1, Some(18_446_744_073_709));
}

#[test]
fn as_of_includes_traces_at_that_timestamp() {
    let traces = [
        trace(1, 0, Fresh),
        trace(2, 1_000, Delay),
        trace(3, 1_000, Solved),
        trace(4, 1_001, Fresh),
    ];
    let at = |millis| trace(0, millis, None).updated_at;
    let status = |as_of| TicketState::from_traces_as_of(&traces, as_of).fields.status;
    assert_eq!(status(at(-1)), None);
    assert_eq!(status(at(0)), Some(Fresh));
    assert_eq!(status(at(999)), Some(Fresh));
    assert_eq!(status(at(1_000)), Some(Solved));
    assert_eq!(status(at(1_001)), Some(Fresh));
    assert_eq!(status(Timestamp::INFINITY), Some(Fresh));
    assert_eq!(status(Timestamp::NEG_INFINITY), None);
}

#[test]
fn period_that_ends_after_as_of_is_open() {
    let traces = [trace(1, 0, Fresh), trace(2, 1_000, Solved)];
    let state = TicketState::from_traces_as_of(&traces, trace(0, 500, None).updated_at);
    assert_eq!(state.time_in_status.len(), 1);
    assert_eq!(state.time_in_status[0].until, None);
    assert_eq!(state.last_updated_at, state.created_at);
}

#[test]
fn state_before_the_first_trace_has_no_values_and_no_findings() {
    let traces = [trace(1, 0, None)];
    let before = TicketState::from_traces_as_of(&traces, trace(0, -1, None).updated_at);
    assert_eq!(before, TicketState::default());
    assert!(before.findings.is_empty());
}

#[test]
fn ticket_without_traces_has_the_finding_no_traces() {
    let without_traces = TicketState::from_traces(&[]);
    assert_eq!(
        without_traces,
        TicketState::from_traces_as_of(&[], trace(0, 0, None).updated_at)
    );
    assert_eq!(
        without_traces.findings,
        BTreeSet::from([HistoryFindingKind::NoTraces])
    );

    let mut state = without_traces;
    state.apply(&trace(1, 0, Fresh));
    assert_eq!(state, TicketState::from_traces(&[trace(1, 0, Fresh)]));
}

#[test]
fn first_trace_without_status_fresh_is_reported() {
    use HistoryFindingKind::NotCreated;
    assert_eq!(findings(&[trace(1, 0, Fresh)]), []);
    assert_eq!(findings(&[trace(1, 0, None)]), [NotCreated]);
    assert_eq!(findings(&[trace(1, 0, Solved)]), [NotCreated]);
    let later = [trace(1, 0, None), trace(2, 1, Fresh)];
    assert_eq!(findings(&later), [NotCreated]);
}

#[test]
fn status_change_that_is_not_allowed_is_reported_once() {
    use HistoryFindingKind::StepNotAllowed;
    let solved_twice = [
        trace(1, 0, Fresh),
        trace(2, 1, Solved),
        trace(3, 2, Solved),
        trace(4, 3, Delay),
        trace(5, 4, Fresh),
    ];
    assert_eq!(findings(&solved_twice), [StepNotAllowed]);
    let reopened = [trace(1, 0, Fresh), trace(2, 1, Solved), trace(3, 2, Fresh)];
    assert_eq!(findings(&reopened), []);
}

#[test]
fn ids_that_descend_with_time_are_reported() {
    use HistoryFindingKind::OutOfOrder;
    assert_eq!(
        findings(&[trace(2, 0, Fresh), trace(1, 1, None)]),
        [OutOfOrder]
    );
    assert_eq!(
        findings(&[trace(2, 1, None), trace(1, 1, Fresh)]),
        [],
        "traces with the same timestamp are read by id"
    );
}

#[test]
fn finding_of_later_trace_is_absent_from_earlier_state() {
    let traces = [
        trace(2, 0, Fresh),
        trace(1, 1_000, Canceled),
        trace(3, 2_000, Solved),
    ];
    let at = |millis| {
        let as_of = trace(0, millis, None).updated_at;
        TicketState::from_traces_as_of(&traces, as_of)
            .findings
            .len()
    };
    assert_eq!((at(0), at(1_000), at(2_000)), (0, 1, 2));
}

#[test]
fn apply_returns_the_changes_of_the_trace() {
    let mut state = TicketState::default();
    let mut fields = TicketFields::default();
    let mut first = trace(1, 0, Fresh);
    first.new_priority = Some(Priority::Least);
    for trace in [first, trace(2, 1, Fresh), trace(3, 2, Solved)] {
        assert_eq!(state.apply(&trace), fields.apply(&trace));
        assert_eq!(state.fields, fields);
    }
}
