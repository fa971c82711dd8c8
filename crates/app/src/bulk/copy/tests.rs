//! What a copy does with good sources, bad sources and sinks that refuse.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use wts_domain::{
    Access, Category, Finding, StaffId, StaffMember, Status, StudentId, Ticket, TicketId,
    Timestamp, Trace, TraceId,
};

use super::*;
use crate::bulk::{Entry, Fault, Record, Share, VerifyHistories};

fn staff(id: &str) -> Record {
    Record::Staff(StaffMember::new(
        StaffId::from(id),
        StudentId::from(format!("2022{id}")),
        Access::FormalMember,
    ))
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

fn trace(ticket: i64, id: i64, status: Status) -> Record {
    let mut trace = Trace::new(
        TraceId::new(id),
        TicketId::new(ticket).unwrap(),
        Timestamp::from_micros_since_2000(id),
        StaffId::from("W007"),
    );
    trace.new_status = Some(status);
    Record::Trace(trace)
}

/// Two tickets whose histories obey the rules.
fn campus() -> Vec<Record> {
    vec![
        staff("-1"),
        staff("W007"),
        ticket(5, Status::Solved),
        trace(5, 1, Status::Fresh),
        trace(5, 3, Status::Solved),
        ticket(6, Status::Fresh),
        trace(6, 2, Status::Fresh),
    ]
}

/// A source of batches of one record each, at lines from 2 on.
struct Lines {
    records: Vec<Record>,
    next: usize,
    fails_at: Option<usize>,
    asked: Arc<AtomicUsize>,
}

fn lines(records: Vec<Record>) -> Lines {
    Lines {
        records,
        next: 0,
        fails_at: None,
        asked: Arc::default(),
    }
}

impl HistorySource for Lines {
    fn next_batch(&mut self) -> Result<Option<Batch>, BulkError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.fails_at == Some(self.next) {
            return Err(BulkError::failed("reading", "the disk is gone"));
        }
        let Some(record) = self.records.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let line = Some(self.next as u64 + 1);
        let record = record.clone();
        Ok(Some(Batch::from_iter([Entry { line, record }])))
    }
}

/// A sink that shows what was put into it, and whether it was finished.
#[derive(Clone, Default)]
struct Store {
    put: Arc<Mutex<Vec<Record>>>,
    finished: Arc<AtomicUsize>,
    refuses_after: Option<usize>,
}

impl HistorySink for Store {
    fn put(&mut self, batch: Batch) -> Result<(), BulkError> {
        let mut put = self.put.lock().unwrap();
        if self.refuses_after.is_some_and(|most| put.len() >= most) {
            return Err(BulkError::failed("writing", "the disk is full"));
        }
        put.extend(batch.into_entries().into_iter().map(|entry| entry.record));
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Stored, BulkError> {
        self.finished.fetch_add(1, Ordering::Relaxed);
        let mut stored = Stored::default();
        for record in &*self.put.lock().unwrap() {
            stored.new.count(record);
        }
        Ok(stored)
    }
}

#[derive(Default)]
struct Notes {
    breaks_off_after: Option<usize>,
    carried: Vec<Counts>,
    found: Vec<(Option<u64>, i64, Finding)>,
}

impl Observer for Notes {
    fn carried(&mut self, counts: Counts, _: Option<Share>) -> ControlFlow<()> {
        self.carried.push(counts);
        match self.breaks_off_after {
            Some(most) if self.carried.len() >= most => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn found(&mut self, at: Option<u64>, ticket: TicketId, finding: Finding) {
        self.found.push((at, ticket.get(), finding));
    }
}

fn copy(source: Lines, store: &Store) -> (Result<Copied, BulkError>, Notes) {
    let mut notes = Notes::default();
    let copied = CopyHistories::new(Box::new(source), Box::new(store.clone())).execute(&mut notes);
    (copied, notes)
}

fn told(source: Vec<Record>) -> String {
    let store = Store::default();
    let (copied, _) = copy(lines(source), &store);
    assert_eq!(store.finished.load(Ordering::Relaxed), 0, "nothing is kept");
    copied.unwrap_err().to_string()
}

#[test]
fn everything_arrives_in_order_and_is_made_to_last() {
    let store = Store::default();
    let (copied, notes) = copy(lines(campus()), &store);

    let all = Counts {
        staff: 2,
        tickets: 2,
        traces: 3,
    };
    let copied = copied.unwrap();
    assert_eq!((copied.stored.new, copied.findings), (all, 0));
    assert_eq!(*store.put.lock().unwrap(), campus());
    assert_eq!(store.finished.load(Ordering::Relaxed), 1);
    assert_eq!(notes.carried.last(), Some(&all));
    assert_eq!(notes.found, []);
}

#[test]
fn a_source_that_fails_half_way_leaves_nothing() {
    let mut source = lines(campus());
    source.fails_at = Some(4);
    let store = Store::default();
    let (copied, _) = copy(source, &store);

    assert!(matches!(copied, Err(BulkError::Failed(..))));
    assert_eq!(store.finished.load(Ordering::Relaxed), 0);
}

#[test]
fn a_sink_that_refuses_ends_the_reading_of_an_endless_source() {
    let mut records = campus();
    records.extend((7..100_000).map(|number| ticket(number, Status::Fresh)));
    let source = lines(records);
    let asked = Arc::clone(&source.asked);
    let store = Store {
        refuses_after: Some(3),
        ..Store::default()
    };
    let (copied, _) = copy(source, &store);

    assert!(matches!(copied, Err(BulkError::Failed(..))));
    assert!(asked.load(Ordering::Relaxed) < 20);
}

#[test]
fn a_copy_that_is_broken_off_leaves_nothing() {
    let store = Store::default();
    let mut notes = Notes {
        breaks_off_after: Some(3),
        ..Notes::default()
    };
    let copy = CopyHistories::new(Box::new(lines(campus())), Box::new(store.clone()));

    assert!(matches!(
        copy.execute(&mut notes),
        Err(BulkError::Interrupted)
    ));
    assert_eq!(store.put.lock().unwrap().len(), 3);
    assert_eq!(store.finished.load(Ordering::Relaxed), 0);
}

#[test]
fn a_record_that_is_out_of_order_is_refused_at_its_line() {
    assert_eq!(
        told(vec![staff("W007"), staff("-1")]),
        "line 3: staff \"-1\": wid: expected more than \"W007\", the one before"
    );
    assert_eq!(
        told(vec![ticket(5, Status::Fresh), staff("-1")]),
        "line 3: staff \"-1\": type: staff come before all tickets"
    );
    let mut twice = campus();
    twice.insert(3, ticket(5, Status::Solved));
    assert_eq!(
        told(twice),
        "line 5: ticket 5: tid: expected more than 5, the one before"
    );
    assert_eq!(
        told(vec![trace(5, 1, Status::Fresh)]),
        "line 2: trace 1: tid: expected its ticket before it"
    );
    assert_eq!(
        told(vec![ticket(5, Status::Fresh), trace(6, 1, Status::Fresh)]),
        "line 3: trace 1: tid: expected 5, the ticket before it, not 6"
    );
    let mut swapped = campus();
    swapped.swap(3, 4);
    assert_eq!(
        told(swapped),
        "line 6: trace 1: updated_at: expected to come after trace 3 of 2000-01-01T00:00:00.000003Z"
    );
    let mut doubled = campus();
    doubled.insert(4, doubled[3].clone());
    assert!(told(doubled).starts_with("line 6: trace 1: updated_at: expected to come after"));
}

#[test]
fn histories_that_break_rules_are_carried_and_told_of() {
    let records = vec![
        ticket(5, Status::Fresh),
        trace(5, 1, Status::Fresh),
        trace(5, 3, Status::Solved),
        ticket(6, Status::Fresh),
        ticket(7, Status::Solved),
        trace(7, 2, Status::Solved),
    ];
    let store = Store::default();
    let (copied, notes) = copy(lines(records.clone()), &store);

    assert_eq!(copied.unwrap().findings, 3);
    assert_eq!(*store.put.lock().unwrap(), records);
    let places: Vec<_> = notes
        .found
        .iter()
        .map(|(at, ticket, _)| (*at, *ticket))
        .collect();
    assert_eq!(places, [(Some(2), 5), (Some(5), 6), (Some(7), 7)]);
}

#[test]
fn a_verification_looks_at_the_last_history_too() {
    let mut notes = Notes::default();
    let records = vec![
        staff("W007"),
        ticket(6, Status::Solved),
        trace(6, 2, Status::Fresh),
        ticket(7, Status::Fresh),
    ];
    let verified = VerifyHistories::new(Box::new(lines(records)))
        .execute(&mut notes)
        .unwrap();

    assert_eq!((verified.counts.tickets, verified.findings), (2, 2));
    assert_eq!(notes.found[1], (Some(5), 7, Finding::NoTraces));
}

#[test]
fn a_verification_refuses_what_no_database_takes() {
    let told = |record: Record| {
        let mut records = campus();
        records.push(record);
        VerifyHistories::new(Box::new(lines(records)))
            .execute(&mut ())
            .map_err(|error| error.to_string())
    };
    told(trace(6, 9, Status::Solved)).unwrap();
    assert_eq!(
        told(trace(6, 3, Status::Solved)).unwrap_err(),
        "line 9: trace 3: opid: the same number stands in a line before"
    );
    let Record::Trace(mut odd) = trace(6, 9, Status::Solved) else {
        unreachable!()
    };
    odd.op = StaffId::from("W999");
    assert_eq!(
        told(Record::Trace(odd)).unwrap_err(),
        "line 9: trace 9: op: expected the number of somebody of the staff, not \"W999\""
    );
}

#[test]
fn two_of_the_staff_are_never_the_same_person() {
    let Record::Staff(mut twin) = staff("W008") else {
        unreachable!()
    };
    twin.student = StudentId::from("2022W007");
    let records = vec![staff("W007"), Record::Staff(twin)];
    let told = CopyHistories::new(Box::new(lines(records)), Box::new(Store::default()))
        .execute(&mut ())
        .unwrap_err();
    assert_eq!(
        told.to_string(),
        "line 3: staff \"W008\": sid: somebody else of the staff has this number"
    );
}

#[test]
fn a_batch_is_full_before_it_is_large() {
    let mut batch = Batch::default();
    let Record::Trace(mut long) = trace(5, 1, Status::Fresh) else {
        unreachable!()
    };
    long.remark = "长".repeat(100_000);
    let long = Entry {
        line: None,
        record: Record::Trace(long),
    };
    while !batch.is_full() {
        batch.push(long.clone());
    }
    assert_eq!(batch.entries().len(), 2, "300 kB each");
}

#[test]
fn contradictions_are_told_one_on_a_line() {
    let fault = |line| Fault {
        place: crate::bulk::Place {
            line: Some(line),
            ..Default::default()
        },
        problem: "solved here, fresh there".to_owned(),
    };
    assert_eq!(
        BulkError::Contradictions(vec![fault(2), fault(9)]).to_string(),
        "what is to be brought in contradicts what is there\n  line 2: solved here, fresh there\n  line 9: solved here, \
         fresh there"
    );
}
