//! Tests of the complete sample data.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use wts_app::{BatchSender, Counts, HistorySource, Observer, Progress, Record, verify_histories};
use wts_domain::{HistoryFinding, Status, Ticket, TicketId, Trace};

use crate::{SampleData, SampleDataSource};

const SAMPLE_DATA: SampleData = SampleData {
    seed: 7,
    tickets: 4_000,
    days: 500,
};

fn records(data: SampleData) -> Vec<Record> {
    let mut records = Vec::new();
    let mut deliver = |batch: wts_app::Batch| {
        records.extend(batch.into_entries().into_iter().map(|entry| entry.record));
        Ok(())
    };
    let mut output = BatchSender::new(&mut deliver);
    let source = Box::new(SampleDataSource::new(data));
    source.read(&mut output).unwrap();
    output.flush().unwrap();
    records
}

fn tickets(records: &[Record]) -> Vec<&Ticket> {
    records
        .iter()
        .filter_map(|record| match record {
            Record::Ticket(ticket) => Some(ticket),
            Record::Staff(_) | Record::Trace(_) => None,
        })
        .collect()
}

fn histories(records: &[Record]) -> BTreeMap<TicketId, Vec<&Trace>> {
    let mut histories: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for record in records {
        if let Record::Trace(trace) = record {
            histories.entry(trace.ticket).or_default().push(trace);
        }
    }
    histories
}

#[test]
fn equal_seeds_give_equal_sample_data() {
    assert_eq!(records(SAMPLE_DATA), records(SAMPLE_DATA));
    assert_ne!(
        records(SAMPLE_DATA),
        records(SampleData {
            seed: 8,
            ..SAMPLE_DATA
        })
    );
}

#[test]
fn every_history_is_valid_and_sorted() {
    struct PanicOnFinding;
    impl Observer for PanicOnFinding {
        fn on_progress(&mut self, _: Counts, _: Option<Progress>) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
        fn on_finding(&mut self, _: Option<u64>, ticket: TicketId, finding: HistoryFinding) {
            panic!("ticket {ticket}: {finding}");
        }
    }
    for seed in 0..5 {
        let data = SampleData {
            seed,
            ..SAMPLE_DATA
        };
        let source = Box::new(SampleDataSource::new(data));
        let verified = verify_histories(source, &mut PanicOnFinding).unwrap();
        assert_eq!(verified.counts.tickets, data.tickets);
    }
}

#[test]
fn small_numbers_of_tickets_are_generated() {
    for tickets in 0..4 {
        let data = SampleData {
            tickets,
            days: 0,
            ..SAMPLE_DATA
        };
        assert_eq!(self::tickets(&records(data)).len() as u64, tickets);
    }
}

#[test]
fn first_ticket_is_the_documented_example() {
    let records = records(SAMPLE_DATA);
    let first = tickets(&records)[0];
    assert_eq!(
        (first.id.get(), &first.issuer),
        (123, &SAMPLE_DATA.student(0))
    );
    let [created, solved] = histories(&records)[&first.id][..] else {
        panic!("expected two traces");
    };
    let summary = |trace: &Trace| format!("{} {} {}", trace.id, trace.updated_at, trace.op);
    assert_eq!(summary(created), "1 2025-12-06T10:00:00Z -1");
    assert_eq!(summary(solved), "3 2025-12-06T15:30:00Z W007");
}

#[test]
fn trace_ids_ascend_with_time_without_gaps() {
    let records = records(SAMPLE_DATA);
    let mut traces: Vec<_> = histories(&records).into_values().flatten().collect();
    traces.sort_by_key(|trace| trace.id);
    for (number, trace) in (1..).zip(&traces) {
        assert_eq!(trace.id.get(), number);
    }
    for (earlier, later) in traces.iter().zip(&traces[1..]) {
        let difference =
            earlier.updated_at.micros_since_2000() - later.updated_at.micros_since_2000();
        assert!(
            difference < 600_000_000,
            "{} is more than ten minutes earlier than the preceding id",
            later.id
        );
    }
}

#[test]
fn some_histories_are_long_and_every_status_occurs() {
    let records = records(SAMPLE_DATA);
    let mut lengths: Vec<_> = histories(&records)
        .into_values()
        .map(|traces| traces.len())
        .collect();
    lengths.sort_unstable();
    let total: usize = lengths.iter().sum();
    assert!((4 * 4_000..6 * 4_000).contains(&total), "{total} traces");
    assert!(lengths[3_999] > 50, "{lengths:?}");
    let statuses: BTreeSet<_> = tickets(&records)
        .iter()
        .map(|ticket| ticket.status.as_str())
        .collect();
    assert_eq!(
        statuses,
        Status::ALL.iter().map(|status| status.as_str()).collect()
    );
}

#[test]
fn some_remarks_have_special_characters_or_are_long() {
    let records = records(SAMPLE_DATA);
    let remarks: Vec<_> = histories(&records)
        .into_values()
        .flatten()
        .map(|trace| trace.remark.as_str())
        .collect();
    let per_mille = |matches: &dyn Fn(&str) -> bool| {
        remarks.iter().filter(|remark| matches(remark)).count() * 1_000 / remarks.len()
    };
    assert!(per_mille(&|remark| remark.is_empty()) > 5);
    assert!(per_mille(&|remark| remark.chars().count() < 60) > 900);
    assert!(remarks.iter().any(|remark| remark.len() > 10_000));
    for special in ["\\N", "\u{10ffff}", "\u{202e}", "\r\n", "\"", "😀"] {
        assert!(
            remarks.iter().any(|remark| remark.contains(special)),
            "{special:?}"
        );
    }
}

#[test]
fn submission_times_depend_on_term_and_hour() {
    let records = records(SAMPLE_DATA);
    let submission_times: Vec<_> = tickets(&records)
        .iter()
        .map(|ticket| ticket.submitted_at.to_string())
        .collect();
    let between = |from: &str, to: &str| {
        submission_times
            .iter()
            .filter(|at| (from..to).contains(&at.as_str()))
            .count()
    };
    assert!(between("2026-09-01", "2026-09-15") > 10 * between("2026-08-01", "2026-08-15"));
    let at = |hour: &str| {
        submission_times
            .iter()
            .filter(|at| &at[11..13] == hour)
            .count()
    };
    assert!(
        at("13") > 10 * at("19"),
        "more tickets are submitted at 21:00 than at 03:00 local time"
    );
}

#[test]
fn operator_of_every_trace_is_a_staff_member() {
    let records = records(SAMPLE_DATA);
    let staff: BTreeSet<_> = SAMPLE_DATA
        .staff()
        .into_iter()
        .map(|member| member.id)
        .collect();
    for trace in histories(&records).into_values().flatten() {
        assert!(staff.contains(&trace.op), "{}", trace.op);
    }
}
