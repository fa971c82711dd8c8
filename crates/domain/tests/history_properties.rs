//! Properties of changes and states, checked against a second, simpler implementation.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use wts_domain::{
    Category, Date, FieldChange, FieldValue, HistoryFindingKind, Priority, StaffId, Status,
    StatusPeriod, TicketField, TicketFields, TicketHistory, TicketId, TicketState, Timestamp,
    Trace, TraceId, trace_changes,
};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// Generates timestamps that are often equal, often close to a whole second, and sometimes infinite or far away.
fn timestamp() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        6 => (-3..3_i64, -1..=1_i64).prop_map(|(second, micro)| {
            Timestamp::from_micros_since_2000(second * MICROS_PER_SECOND + micro)
        }),
        2 => any::<i64>().prop_map(Timestamp::from_micros_since_2000),
        1 => Just(Timestamp::INFINITY),
        1 => Just(Timestamp::NEG_INFINITY),
    ]
}

fn optional<T: Copy + std::fmt::Debug>(values: &'static [T]) -> impl Strategy<Value = Option<T>> {
    prop::option::of(prop::sample::select(values))
}

/// Generates the traces of one ticket, sorted by id and with distinct ids. In half of the cases the timestamps ascend
/// with the ids.
fn traces() -> impl Strategy<Value = Vec<Trace>> {
    let date = prop::option::of((-1..=1_i32).prop_map(Date::from_days_since_2000));
    let trace = (
        timestamp(),
        optional(Status::ALL),
        optional(Priority::ALL),
        date,
        optional(Category::ALL),
    );
    let rows = prop::collection::vec((any::<i8>(), trace), 0..24);
    (rows, any::<bool>()).prop_map(|(mut rows, ascending)| {
        rows.sort_unstable_by_key(|(id, _)| *id);
        rows.dedup_by_key(|(id, _)| *id);
        let mut times: Vec<_> = rows.iter().map(|(_, row)| row.0).collect();
        if ascending {
            times.sort_unstable();
        }
        let rows = rows.into_iter().zip(times);
        rows.map(|((id, (_, status, priority, appointment, category)), at)| {
            let id = TraceId::new(id.into());
            let mut trace = Trace::new(id, TicketId::new(1).unwrap(), at, StaffId::from("W007"));
            trace.new_status = status;
            trace.new_priority = priority;
            trace.new_appointment = appointment;
            trace.new_category = category;
            trace
        })
        .collect()
    })
}

fn sorted_by_time(traces: &[Trace]) -> Vec<Trace> {
    let mut ordered = traces.to_vec();
    ordered.sort_by(|a, b| a.updated_at.cmp(&b.updated_at).then(a.id.cmp(&b.id)));
    ordered
}

/// Returns the value that a trace sets for a field.
fn new_value(trace: &Trace, field: TicketField) -> Option<FieldValue> {
    match field {
        TicketField::Status => trace.new_status.map(FieldValue::Status),
        TicketField::Priority => trace.new_priority.map(FieldValue::Priority),
        TicketField::Appointment => trace.new_appointment.map(FieldValue::Appointment),
        TicketField::Category => trace.new_category.map(FieldValue::Category),
        _ => panic!("unexpected field"),
    }
}

/// Returns the value of a field after these traces, which is the last value that was set.
fn value_after(ordered: &[Trace], field: TicketField) -> Option<FieldValue> {
    ordered
        .iter()
        .filter_map(|trace| new_value(trace, field))
        .next_back()
}

fn statuses(ordered: &[Trace]) -> Vec<(Timestamp, Status)> {
    ordered
        .iter()
        .filter_map(|trace| trace.new_status.map(|status| (trace.updated_at, status)))
        .collect()
}

fn whole_seconds(at: Timestamp) -> Option<i128> {
    let finite = at != Timestamp::INFINITY && at != Timestamp::NEG_INFINITY;
    let micros = i128::from(at.micros_since_2000());
    finite.then(|| micros.div_euclid(MICROS_PER_SECOND.into()))
}

proptest! {
    #[test]
    fn state_has_the_last_value_of_each_field(traces in traces()) {
        let state = TicketState::from_traces(&traces);
        let ordered = sorted_by_time(&traces);
        for field in TicketField::ALL.iter().copied() {
            let last_change = trace_changes(&traces)
                .filter_map(|(_, changes)| changes.get(field))
                .next_back();
            prop_assert_eq!(state.fields.get(field), last_change.map(|change| change.to));
            prop_assert_eq!(state.fields.get(field), value_after(&ordered, field));
        }
        prop_assert_eq!(state.created_at, ordered.first().map(|trace| trace.updated_at));
        prop_assert_eq!(state.last_updated_at, ordered.last().map(|trace| trace.updated_at));
    }

    #[test]
    fn changes_are_the_differences_to_the_previous_state(traces in traces()) {
        let ordered = sorted_by_time(&traces);
        let mut fields = TicketFields::default();
        for (index, (trace, changes)) in trace_changes(&traces).enumerate() {
            prop_assert_eq!(trace, &ordered[index]);
            let changes: Vec<FieldChange> = changes.iter().collect();
            let mut expected = Vec::new();
            for field in TicketField::ALL.iter().copied() {
                let from = value_after(&ordered[..index], field);
                let to = value_after(&ordered[..=index], field);
                if from != to {
                    expected.push((field, from, to.unwrap()));
                }
            }
            let found: Vec<_> = changes.iter().map(|c| (c.field(), c.from, c.to)).collect();
            prop_assert_eq!(found, expected);
            prop_assert!(changes.iter().all(|change| change.from != Some(change.to)));

            let applied: Vec<_> = fields.apply(trace).iter().collect();
            prop_assert_eq!(applied, changes);
        }
    }

    #[test]
    fn iterating_in_both_directions_gives_equal_changes(traces in traces(), from_front: Vec<bool>) {
        let forward: Vec<_> = trace_changes(&traces).collect();
        let mut backward: Vec<_> = trace_changes(&traces).rev().collect();
        backward.reverse();
        prop_assert_eq!(&backward, &forward);

        let (mut front, mut back) = (Vec::new(), Vec::new());
        let mut iterator = trace_changes(&traces);
        prop_assert_eq!(iterator.len(), traces.len());
        let mut sides = from_front.into_iter().chain([false, true].into_iter().cycle());
        while iterator.len() > 0 {
            if sides.next().unwrap() {
                front.extend(iterator.next());
            } else {
                back.extend(iterator.next_back());
            }
        }
        front.extend(back.into_iter().rev());
        prop_assert_eq!(&front, &forward);

        let history = TicketHistory::new("2024310001".into(), traces.clone());
        for (index, (_, changes)) in forward.iter().enumerate() {
            prop_assert_eq!(history.changes_at(index), Some(*changes));
        }
    }

    #[test]
    fn periods_are_the_runs_of_traces_with_equal_status(traces in traces()) {
        let mut runs = statuses(&sorted_by_time(&traces));
        runs.dedup_by_key(|(_, status)| *status);
        let state = TicketState::from_traces(&traces);

        let begun: Vec<_> = state.time_in_status.iter().map(|period| (period.from, period.status)).collect();
        prop_assert_eq!(&begun, &runs);
        let ended: Vec<_> = state.time_in_status.iter().map(|period| period.until).collect();
        let expected = runs.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]).take(runs.len());
        prop_assert_eq!(ended, expected.collect::<Vec<_>>());
        prop_assert_eq!(state.status_since(), runs.last().map(|(at, _)| *at));
    }

    #[test]
    fn period_lengths_add_up_to_the_total_duration(traces in traces()) {
        let state = TicketState::from_traces(&traces);
        for period in &state.time_in_status {
            let ends = whole_seconds(period.from).zip(period.until.and_then(whole_seconds));
            let expected = ends.map(|(from, until)| until - from);
            prop_assert_eq!(period.seconds().map(i128::from), expected);
            prop_assert!(period.seconds().is_none_or(|seconds| seconds >= 0));
        }
        let sum: i128 = state.time_in_status.iter().filter_map(StatusPeriod::seconds).map(i128::from).sum();
        let finite: Vec<_> = state.time_in_status.iter().filter_map(|period| whole_seconds(period.from)).collect();
        let expected = finite.first().zip(finite.last()).map_or(0, |(first, last)| last - first);
        prop_assert_eq!(sum, expected);
    }

    #[test]
    fn state_as_of_a_time_uses_only_the_earlier_traces(traces in traces(), as_of in timestamp()) {
        let ordered = sorted_by_time(&traces);
        let prefix: Vec<_> = ordered.into_iter().filter(|trace| trace.updated_at <= as_of).collect();
        let mut expected = TicketState::from_traces(&prefix);
        if prefix.is_empty() && !traces.is_empty() {
            expected = TicketState::default();
        }
        prop_assert_eq!(TicketState::from_traces_as_of(&traces, as_of), expected);

        let history = TicketHistory::new("2024310001".into(), traces.clone());
        prop_assert_eq!(history.traces_as_of(as_of), &prefix);
    }

    #[test]
    fn order_of_the_slice_does_not_change_the_result(
        (traces, shuffled) in traces().prop_flat_map(|traces| {
            (Just(traces.clone()), Just(traces).prop_shuffle())
        }),
        as_of in timestamp(),
    ) {
        prop_assert_eq!(
            TicketState::from_traces_as_of(&shuffled, as_of),
            TicketState::from_traces_as_of(&traces, as_of)
        );
        prop_assert!(trace_changes(&shuffled).eq(trace_changes(&traces)));
    }

    #[test]
    fn finding_is_present_exactly_when_its_rule_is_broken(traces in traces()) {
        use Status::{Canceled, Delay, Escalated, Fresh, Scheduled, Solved};
        let ordered = sorted_by_time(&traces);
        let allowed = |from, to| match from {
            Fresh | Delay | Scheduled => [Delay, Scheduled, Escalated, Canceled, Solved].contains(&to),
            Escalated => [Scheduled, Escalated, Canceled, Solved].contains(&to),
            Solved => to == Fresh,
            Canceled => false,
            _ => panic!("unexpected status"),
        };
        let statuses = statuses(&ordered);
        let mut expected = Vec::new();
        if ordered.is_empty() {
            expected.push(HistoryFindingKind::NoTraces);
        }
        if ordered.first().is_some_and(|trace| trace.new_status != Some(Fresh)) {
            expected.push(HistoryFindingKind::NotCreated);
        }
        if statuses.windows(2).any(|pair| !allowed(pair[0].1, pair[1].1)) {
            expected.push(HistoryFindingKind::StepNotAllowed);
        }
        if ordered.windows(2).any(|pair| pair[0].id >= pair[1].id) {
            expected.push(HistoryFindingKind::OutOfOrder);
        }
        let state = TicketState::from_traces(&traces);
        prop_assert_eq!(state.findings.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn applying_each_trace_gives_the_state_of_the_slice(traces in traces()) {
        prop_assume!(!traces.is_empty());
        let mut state = TicketState::default();
        for trace in sorted_by_time(&traces) {
            state.apply(&trace);
        }
        prop_assert_eq!(state, TicketState::from_traces(&traces));
    }
}
