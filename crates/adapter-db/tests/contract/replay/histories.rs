//! Generates histories, and creates a database that contains them.
//!
//! One half is sample data. The other half consists of edge cases: values are missing or repeated, and times are equal,
//! infinite or at the limits of their range. In half of the edge cases, times also decrease.

use std::fmt::Write;

use fastrand::Rng;
use tokio::task::spawn_blocking;
use wts_adapter_db::sink;
use wts_app::{BatchSender, HistorySource, Record, TransferError, copy_histories};
use wts_domain::{
    Category, Date, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId, Timestamp,
    Trace, TraceId,
};
use wts_generator::{SampleData, SampleDataSource};
use wts_testkit::{ALICE, Database, Kind};

/// The number of histories.
pub(super) const HISTORIES: usize = 10_000;
const SAMPLE_DATA: SampleData = SampleData {
    seed: 18,
    tickets: HISTORIES as u64 / 2,
    days: 300,
};
/// The ids of the first sample ticket and of the first edge-case ticket.
const FIRST_SAMPLE: i64 = 123;
const FIRST_EDGE_CASE: i64 = 1_000_000;
/// The id of the first edge-case trace.
const FIRST_EDGE_CASE_TRACE: i64 = 10_000_000;
/// The limits of finite timestamps in PostgreSQL, in microseconds since 2000-01-01.
const TIME_LIMITS: [i64; 2] = [-211_813_488_000_000_000, 9_223_371_331_199_999_999];
/// The limits of finite dates in PostgreSQL, in days since 2000-01-01.
const DATE_LIMITS: [i32; 2] = [-2_451_545, 2_145_031_948];
const SECOND: i64 = 1_000_000;
/// The time by which all histories are shifted, 100 years. In a WTS v3 database, a trigger gives the first trace the
/// current time, and the other traces must be later.
const SHIFT: i64 = 36_525 * 86_400 * SECOND;

/// Returns the ids of all tickets.
pub(super) fn ticket_numbers() -> Vec<i64> {
    let half = i64::try_from(HISTORIES / 2).unwrap();
    let sample = FIRST_SAMPLE..FIRST_SAMPLE + half;
    sample
        .chain(FIRST_EDGE_CASE..FIRST_EDGE_CASE + half)
        .collect()
}

/// Creates a database with the histories. In a WTS v3 database, triggers write the first trace of each ticket.
pub(super) async fn fill(kind: Kind) -> Database {
    let database = Database::new(kind);
    let records = records();
    match kind {
        Kind::Sqlite | Kind::Postgres => {
            let sink = sink(&database.owner_url()).await.unwrap();
            let source = Box::new(Sorted(records));
            let copy = spawn_blocking(move || copy_histories(source, sink, &mut ()));
            copy.await.unwrap().unwrap();
        }
        Kind::WtsV3 => database.execute(&wts_v3_statements(&records)),
    }
    database
}

/// Returns the staff, and each ticket with its traces in the order of their ids.
fn records() -> Vec<Record> {
    let mut records = Vec::new();
    let mut deliver = |batch: wts_app::Batch| {
        records.extend(batch.into_entries().into_iter().map(|entry| entry.record));
        Ok(())
    };
    let mut output = BatchSender::new(&mut deliver);
    let sample = Box::new(SampleDataSource::new(SAMPLE_DATA));
    sample.read(&mut output).unwrap();
    output.flush().unwrap();
    for record in &mut records {
        if let Record::Trace(trace) = record {
            let micros = trace.updated_at.micros_since_2000() + SHIFT;
            trace.updated_at = Timestamp::from_micros_since_2000(micros);
        }
    }
    let mut rng = Rng::with_seed(SAMPLE_DATA.seed);
    let mut ids = FIRST_EDGE_CASE_TRACE..;
    let edge_cases = ticket_numbers()
        .into_iter()
        .filter(|number| *number >= FIRST_EDGE_CASE);
    for number in edge_cases {
        let ticket = TicketId::new(number).unwrap();
        records.push(Record::Ticket(Ticket::new(
            ticket,
            StudentId::from(ALICE),
            Timestamp::from_micros_since_2000(0),
            Category::Others,
            String::new(),
        )));
        let traces = edge_case_traces(&mut rng, ticket, &mut ids);
        records.extend(traces.into_iter().map(Record::Trace));
    }
    records
}

fn edge_case_traces(
    rng: &mut Rng,
    ticket: TicketId,
    ids: &mut impl Iterator<Item = i64>,
) -> Vec<Trace> {
    let is_ascending = rng.bool();
    let count = rng.usize(1..12);
    let mut times: Vec<_> = (0..count)
        .map(|_| edge_case_time(rng, is_ascending))
        .collect();
    if is_ascending {
        times.sort_unstable();
    }
    let traces = times.into_iter().zip(ids).map(|(micros, id)| {
        let at = Timestamp::from_micros_since_2000(micros);
        let mut trace = Trace::new(TraceId::new(id), ticket, at, StaffId::from(StaffId::SYSTEM));
        trace.new_status = sometimes(rng, Status::ALL);
        trace.new_priority = sometimes(rng, &Priority::ALL[..2]);
        trace.new_category = sometimes(rng, Category::ALL);
        let [first, last] = DATE_LIMITS;
        let days = [i32::MIN, first, -1, 0, 1, last, i32::MAX];
        trace.new_appointment = sometimes(rng, &days).map(Date::from_days_since_2000);
        trace
    });
    traces.collect()
}

/// Returns a timestamp near a whole second, at a limit, or infinite. If `is_ascending`, the timestamp is not before
/// `SHIFT`.
fn edge_case_time(rng: &mut Rng, is_ascending: bool) -> i64 {
    let near = SHIFT + rng.i64(-3..3) * SECOND + rng.i64(-1..=1);
    match rng.u8(..16) {
        0 => i64::MAX,
        1 => TIME_LIMITS[1],
        2 if !is_ascending => i64::MIN,
        3 if !is_ascending => TIME_LIMITS[0],
        4 if !is_ascending => near - SHIFT,
        _ => near,
    }
}

/// Returns one of `values`; in half of the cases, `None`.
fn sometimes<T: Copy>(rng: &mut Rng, values: &[T]) -> Option<T> {
    rng.bool().then(|| values[rng.usize(..values.len())])
}

/// A source that sorts the traces of each ticket, as an export does.
struct Sorted(Vec<Record>);

impl HistorySource for Sorted {
    fn read(mut self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        let is_ticket = |record: &Record| !matches!(record, Record::Trace(_));
        for traces in self.0.split_mut(is_ticket) {
            traces.sort_unstable_by_key(|record| match record {
                Record::Trace(trace) => Some((trace.updated_at, trace.id)),
                _ => None,
            });
        }
        self.0
            .into_iter()
            .try_for_each(|record| output.send(record))
    }
}

/// Returns SQL that writes the histories as the predecessor of the service did: the first values of a ticket are
/// inserted with the ticket, and its traces are inserted one after the other.
fn wts_v3_statements(records: &[Record]) -> String {
    let mut staff = String::new();
    let mut tickets = String::from(
        "insert into wts.tickets
             (tid, issuer, submitted_at, category, description, appointed_at, priority, status)
         overriding system value values ",
    );
    let mut traces = String::from(
        "insert into wts.ticket_traces
             (tid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark)
         values ",
    );
    let mut following = records.iter().peekable();
    while let Some(record) = following.next() {
        match record {
            Record::Staff(member) => staff.push_str(&staff_statements(member)),
            Record::Ticket(ticket) => {
                let first = following.next_if(|next| matches!(next, Record::Trace(_)));
                let Some(Record::Trace(first)) = first else {
                    panic!("{ticket:?} has no traces");
                };
                let _ = write!(
                    tickets,
                    "({}, '{ALICE}', now(), '{}', '', {}, '{}', '{}'),",
                    ticket.id,
                    first.new_category.unwrap_or(Category::Others),
                    date(first.new_appointment),
                    first.new_priority.unwrap_or(Priority::Mainline),
                    first.new_status.unwrap_or(Status::Fresh),
                );
            }
            Record::Trace(trace) => {
                let _ = write!(
                    traces,
                    "({}, {}, '{}', {}, {}, {}, {}, ''),",
                    trace.ticket,
                    time(trace.updated_at),
                    trace.op,
                    label(trace.new_status),
                    label(trace.new_priority),
                    date(trace.new_appointment),
                    label(trace.new_category),
                );
            }
        }
    }
    let [tickets, traces] = [&tickets, &traces].map(|values| values.trim_end_matches(','));
    format!(
        "insert into data.students values ('{ALICE}', ''); insert into wts.users (sid, wx) values ('{ALICE}', '');
         {staff} {tickets}; {traces}"
    )
}

fn staff_statements(member: &StaffMember) -> String {
    let (wid, sid, access) = (&member.id, &member.student, member.access);
    format!(
        "insert into data.students values ('{sid}', '') on conflict do nothing;
         insert into wts.users (sid, wx) values ('{sid}', '{sid}') on conflict do nothing;
         insert into wts.operators values ('{wid}', '{sid}', '{access}', false) on conflict do nothing;"
    )
}

fn time(timestamp: Timestamp) -> String {
    match timestamp {
        Timestamp::INFINITY | Timestamp::NEG_INFINITY => format!("'{timestamp}'"),
        _ => {
            let micros = timestamp.micros_since_2000();
            format!("timestamptz '2000-01-01 00:00:00Z' + interval '{micros} microseconds'")
        }
    }
}

fn date(date: Option<Date>) -> String {
    match date {
        None => "null".to_owned(),
        Some(date @ (Date::INFINITY | Date::NEG_INFINITY)) => format!("'{date}'"),
        Some(date) => format!("date '2000-01-01' + ({})", date.days_since_2000()),
    }
}

fn label<T: ToString>(value: Option<T>) -> String {
    value.map_or("null".to_owned(), |value| {
        format!("'{}'", value.to_string())
    })
}
