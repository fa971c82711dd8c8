//! Tests of copies and verifications: valid sources, invalid sources, and sinks that fail.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use wts_domain::{
    Access, Category, HistoryFinding, StaffId, StaffMember, Status, StudentId, Ticket, TicketId,
    Timestamp, Trace, TraceId,
};

use super::*;
use crate::transfer::{Entry, Progress, Record, RecordError, RecordId, RecordLocation};

fn staff(id: &str, student: &str) -> Record {
    let (id, student) = (StaffId::from(id), StudentId::from(student));
    Record::Staff(StaffMember::new(id, student, Access::FormalMember))
}

fn ticket(number: i64, status: Status) -> Record {
    let mut ticket = Ticket::new(
        TicketId::new(number).unwrap(),
        StudentId::from("2024310001"),
        Timestamp::from_micros_since_2000(0),
        Category::Others,
        String::new(),
    );
    ticket.status = status;
    Record::Ticket(ticket)
}

fn trace_by(op: &str, ticket: i64, id: i64, status: Status) -> Record {
    let mut trace = Trace::new(
        TraceId::new(id),
        TicketId::new(ticket).unwrap(),
        Timestamp::from_micros_since_2000(id),
        StaffId::from(op),
    );
    trace.new_status = Some(status);
    Record::Trace(trace)
}

fn trace(ticket: i64, id: i64, status: Status) -> Record {
    trace_by("W007", ticket, id, status)
}

/// Returns the records of two tickets whose histories break no rule.
fn sample() -> Vec<Record> {
    vec![
        staff("-1", "-1"),
        staff("W007", "2022W007"),
        ticket(5, Status::Solved),
        trace(5, 1, Status::Fresh),
        trace(5, 3, Status::Solved),
        ticket(6, Status::Fresh),
        trace(6, 2, Status::Fresh),
    ]
}

/// A source that sends its records in batches of one, with line numbers from 2.
#[derive(Default)]
struct RecordSource {
    records: Vec<Record>,
    fails_at_end: bool,
    sent: Arc<AtomicUsize>,
}

impl HistorySource for RecordSource {
    fn read(self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        for (line, record) in (2..).zip(self.records) {
            self.sent.fetch_add(1, Ordering::Relaxed);
            let line = Some(line);
            output.send(Entry { line, record })?;
            output.flush()?;
        }
        if self.fails_at_end {
            return Err(TransferError::failed("reading", "the disk is gone"));
        }
        Ok(())
    }
}

fn source(records: Vec<Record>) -> RecordSource {
    RecordSource {
        records,
        ..RecordSource::default()
    }
}

/// A sink that keeps the batches it received and whether it was finished, for assertions.
#[derive(Clone, Default)]
struct RecordingSink {
    put: Arc<Mutex<Vec<Record>>>,
    finished: Arc<AtomicUsize>,
    fails_after: Option<usize>,
}

impl RecordingSink {
    fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed) == 1
    }
}

impl HistorySink for RecordingSink {
    fn put(&mut self, batch: Batch) -> Result<(), TransferError> {
        let mut put = self.put.lock().unwrap();
        if self.fails_after.is_some_and(|most| put.len() >= most) {
            return Err(TransferError::failed("writing", "the disk is full"));
        }
        put.extend(batch.into_entries().into_iter().map(|entry| entry.record));
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<ImportReport, TransferError> {
        self.finished.fetch_add(1, Ordering::Relaxed);
        let mut report = ImportReport::default();
        for record in &*self.put.lock().unwrap() {
            report.inserted.count(record);
        }
        Ok(report)
    }
}

#[derive(Default)]
struct RecordingObserver {
    invalid: Vec<String>,
    stops_after: Option<usize>,
    progress: Vec<Counts>,
    findings: Vec<(Option<u64>, i64, HistoryFinding)>,
}

impl Observer for RecordingObserver {
    fn on_invalid_record(&mut self, error: &RecordError) {
        self.invalid.push(error.to_string());
    }

    fn on_progress(&mut self, counts: Counts, _: Option<Progress>) -> ControlFlow<()> {
        self.progress.push(counts);
        match self.stops_after {
            Some(most) if self.progress.len() >= most => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn on_finding(&mut self, line: Option<u64>, ticket: TicketId, finding: HistoryFinding) {
        self.findings.push((line, ticket.get(), finding));
    }
}

fn copy(
    source: RecordSource,
    sink: &RecordingSink,
    observer: &mut RecordingObserver,
) -> Result<CopyReport, TransferError> {
    copy_histories(Box::new(source), Box::new(sink.clone()), observer)
}

/// Copies `records` and returns the error.
fn copy_error(records: Vec<Record>) -> String {
    let sink = RecordingSink::default();
    let outcome = copy(source(records), &sink, &mut RecordingObserver::default());
    assert!(!sink.is_finished(), "nothing is stored");
    outcome.unwrap_err().to_string()
}

#[test]
fn copy_writes_all_records_in_order_and_finishes() {
    let (sink, mut observer) = (RecordingSink::default(), RecordingObserver::default());
    let report = copy(source(sample()), &sink, &mut observer).unwrap();

    let all = Counts {
        staff: 2,
        tickets: 2,
        traces: 3,
    };
    assert_eq!((report.stored.inserted, report.findings), (all, 0));
    assert_eq!(*sink.put.lock().unwrap(), sample());
    assert!(sink.is_finished());
    assert_eq!(observer.progress.last(), Some(&all));
    assert_eq!(observer.findings, []);
}

#[test]
fn copy_from_failing_source_stores_nothing() {
    let mut source = source(sample()[..4].to_vec());
    source.fails_at_end = true;
    let sink = RecordingSink::default();
    let outcome = copy(source, &sink, &mut RecordingObserver::default());

    assert!(matches!(outcome, Err(TransferError::Failed(..))));
    assert_eq!(sink.put.lock().unwrap().len(), 4);
    assert!(!sink.is_finished());
}

#[test]
fn failing_sink_stops_the_reading_of_the_source() {
    let mut records = sample();
    records.extend((7..100_000).map(|number| ticket(number, Status::Fresh)));
    let source = source(records);
    let sent = Arc::clone(&source.sent);
    let sink = RecordingSink {
        fails_after: Some(3),
        ..RecordingSink::default()
    };
    let outcome = copy(source, &sink, &mut RecordingObserver::default());

    assert!(matches!(outcome, Err(TransferError::Failed(..))));
    assert!(sent.load(Ordering::Relaxed) < 20);
}

#[test]
fn interrupted_copy_stores_nothing() {
    let sink = RecordingSink::default();
    let mut observer = RecordingObserver {
        stops_after: Some(3),
        ..RecordingObserver::default()
    };
    let outcome = copy(source(sample()), &sink, &mut observer);

    assert!(matches!(outcome, Err(TransferError::Interrupted)));
    assert_eq!(sink.put.lock().unwrap().len(), 3);
    assert!(!sink.is_finished());
}

#[test]
fn record_out_of_order_is_rejected_with_its_line() {
    let fresh = Status::Fresh;
    let mut ticket_twice = sample();
    ticket_twice.insert(3, ticket(5, Status::Solved));
    let mut swapped = sample();
    swapped.swap(3, 4);
    let mut trace_twice = sample();
    trace_twice.insert(4, trace_twice[3].clone());
    for (records, expected) in [
        (
            vec![staff("W007", "1"), staff("-1", "2")],
            "line 3: staff \"-1\": wid: expected a staff number above \"W007\", the preceding one",
        ),
        (
            vec![staff("W007", "1"), staff("W008", "1")],
            "line 3: staff \"W008\": sid: another staff member has the same student number",
        ),
        (
            vec![ticket(5, fresh), staff("-1", "1")],
            "line 3: staff \"-1\": type: expected all staff members before the first ticket",
        ),
        (
            ticket_twice,
            "line 5: ticket 5: tid: expected a ticket number above 5, the preceding one",
        ),
        (
            vec![trace(5, 1, fresh)],
            "line 2: trace 1: tid: expected a ticket before its first trace",
        ),
        (
            vec![ticket(5, fresh), trace(6, 1, fresh)],
            "line 3: trace 1: tid: expected 5, the preceding ticket, found 6",
        ),
        (
            swapped,
            "line 6: trace 1: updated_at: expected a trace later than trace 3 of 2000-01-01T00:00:00.000003Z",
        ),
        (
            trace_twice,
            "line 6: trace 1: updated_at: expected a trace later than trace 1 of 2000-01-01T00:00:00.000001Z",
        ),
    ] {
        assert_eq!(copy_error(records), expected);
    }
}

#[test]
fn histories_that_break_rules_are_copied_with_findings() {
    let records = vec![
        ticket(5, Status::Fresh),
        trace(5, 1, Status::Fresh),
        trace(5, 3, Status::Solved),
        ticket(6, Status::Fresh),
        ticket(7, Status::Solved),
        trace(7, 2, Status::Solved),
    ];
    let (sink, mut observer) = (RecordingSink::default(), RecordingObserver::default());
    let report = copy(source(records.clone()), &sink, &mut observer).unwrap();

    assert_eq!(report.findings, 3);
    assert_eq!(*sink.put.lock().unwrap(), records);
    let findings = observer.findings.iter();
    let places: Vec<_> = findings.map(|(line, ticket, _)| (*line, *ticket)).collect();
    assert_eq!(places, [(Some(2), 5), (Some(5), 6), (Some(7), 7)]);
}

#[test]
fn verification_includes_the_last_history() {
    let mut observer = RecordingObserver::default();
    let records = vec![
        staff("W007", "1"),
        ticket(6, Status::Solved),
        trace(6, 2, Status::Fresh),
        ticket(7, Status::Fresh),
    ];
    let report = verify_histories(Box::new(source(records)), &mut observer).unwrap();

    assert_eq!((report.counts.tickets, report.findings), (2, 2));
    assert_eq!(observer.findings[1], (Some(5), 7, HistoryFinding::NoTraces));
}

#[test]
fn record_that_databases_reject_fails_verification() {
    let verify = |record: Record| {
        let mut records = sample();
        records.push(record);
        let outcome = verify_histories(Box::new(source(records)), &mut ());
        outcome.map_err(|error| error.to_string())
    };
    verify(trace(6, 9, Status::Solved)).unwrap();
    assert_eq!(
        verify(trace(6, 3, Status::Solved)).unwrap_err(),
        "line 9: trace 3: opid: an earlier trace has the same number"
    );
    assert_eq!(
        verify(trace_by("W999", 6, 9, Status::Solved)).unwrap_err(),
        "line 9: trace 9: op: expected the number of a staff member, found \"W999\""
    );
}

#[test]
fn batch_at_its_size_limit_is_full() {
    let Record::Trace(mut long) = trace(5, 1, Status::Fresh) else {
        unreachable!()
    };
    long.remark = "长".repeat(100_000);
    let mut batch = Batch::default();
    while !batch.is_full() {
        batch.push(Record::Trace(long.clone()).into());
    }
    assert_eq!(batch.entries().len(), 2, "each trace has 300 kB");
}

#[test]
fn every_batch_has_the_latest_progress() {
    let mut batches = Vec::new();
    let mut deliver = |batch: Batch| {
        batches.push((batch.entries().len(), batch.progress));
        Ok(())
    };
    let mut output = BatchSender::new(&mut deliver);
    output.set_progress(1, 2);
    for number in 1..=1_500 {
        output.send(ticket(number, Status::Fresh)).unwrap();
    }
    output.flush().unwrap();
    output.flush().unwrap();
    let progress = Some(Progress { done: 1, total: 2 });
    assert_eq!(batches, [(1_024, progress), (476, progress)]);
}

#[test]
fn conflicts_are_written_one_per_line() {
    let conflict = |line| RecordLocation::line(line).error("solved here, fresh there");
    assert_eq!(
        TransferError::Conflicts(vec![conflict(2), conflict(9)]).to_string(),
        "imported records conflict with existing records\n  line 2: solved here, fresh there\n  line 9: solved here, \
         fresh there"
    );
}

/// A source whose ticket 6 and whose traces 3 and from 100 on cannot be read.
struct UnreadableSource {
    traces: i64,
}

fn unreadable(record: RecordId) -> RecordError {
    RecordLocation::record(record)
        .field("status")
        .error("unknown ticket status \"waiting\"")
}

impl HistorySource for UnreadableSource {
    fn read(self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        output.send_invalid(unreadable(RecordId::Staff(StaffId::from("W007"))))?;
        output.send(ticket(5, Status::Solved))?;
        output.send(trace(5, 1, Status::Fresh))?;
        output.send_invalid(unreadable(RecordId::Trace(TraceId::new(3))))?;
        output.send_invalid(unreadable(RecordId::Ticket(TicketId::new(6).unwrap())))?;
        output.send(trace(6, 2, Status::Fresh))?;
        for id in 100..100 + self.traces {
            output.send_invalid(unreadable(RecordId::Trace(TraceId::new(id))))?;
        }
        output.send(ticket(7, Status::Fresh))?;
        output.send(trace(7, 7, Status::Solved))
    }
}

#[test]
fn verification_reports_unreadable_records_and_continues() {
    let mut observer = RecordingObserver::default();
    let source = Box::new(UnreadableSource { traces: 3_000 });
    let report = verify_histories(source, &mut observer).unwrap();
    assert_eq!(report.invalid, 3_003);
    assert_eq!((report.counts.tickets, report.counts.traces), (2, 3));
    let reason = "status: unknown ticket status \"waiting\"";
    for (number, record) in [
        (0, "staff \"W007\""),
        (1, "trace 3"),
        (2, "ticket 6"),
        (3, "trace 100"),
        (3_002, "trace 3099"),
    ] {
        assert_eq!(observer.invalid[number], format!("{record}: {reason}"));
    }
    // Histories with an unreadable record are not checked against the rules.
    assert!(observer.findings.iter().all(|finding| finding.1 == 7));
    assert!(!observer.findings.is_empty());
}

#[test]
fn copy_reports_unreadable_records_and_stores_nothing() {
    for traces in [0, 17, 18, 3_000] {
        let sink = RecordingSink::default();
        let source = Box::new(UnreadableSource { traces });
        let outcome = copy_histories(source, Box::new(sink.clone()), &mut ());
        let error = outcome.unwrap_err().to_string();
        let total = traces + 3;
        assert!(
            error.starts_with(&format!("{total} records cannot be read\n  staff")),
            "{error}"
        );
        let rest = (total > 20).then(|| format!("\n  and {} more", total - 20));
        assert_eq!(error.contains("more"), rest.is_some());
        assert!(error.ends_with(&rest.unwrap_or_default()), "{error}");
        assert!(!sink.is_finished());
    }
}
