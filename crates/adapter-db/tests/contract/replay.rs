//! Tests that the changes and states computed by the domain crate equal those computed by SQL, for thousands of
//! generated histories.

mod histories;

use futures_util::future::join_all;
use tokio::task::spawn_blocking;
use wts_adapter_db::source;
use wts_app::{BatchSender, Record, Selection};
use wts_domain::{
    FieldValue, HistoryFinding, HistoryFindingKind, StatusPeriod, Ticket, TicketField,
    TicketFields, TicketHistory, TicketState, Trace, audit_history, trace_changes,
};
use wts_testkit::{Database, Kind, find};

use self::histories::{HISTORIES, ticket_numbers};
use crate::open;

/// The number of histories that are read concurrently.
const CONCURRENT_READS: usize = 250;

pub(crate) async fn states_equal_a_replay_in_sql(kind: Kind) {
    let database = histories::fill(kind).await;
    let histories = open(&database).await;

    let mut expected = Replay::default();
    for numbers in ticket_numbers().chunks(CONCURRENT_READS) {
        let found = numbers.iter().map(|number| find(&*histories, *number));
        for history in join_all(found).await {
            expected.add(&history.unwrap().expect("the ticket exists"));
        }
    }

    assert_eq!(expected.histories, HISTORIES);
    database.execute(&create_replay(kind));
    assert_equal(database.query_texts(FIELDS), expected.fields);
    assert_equal(database.query_texts(PERIODS), expected.periods);
    if kind == Kind::WtsV3 {
        rows_of_tickets_equal_their_states(&database).await;
    }
}

/// Checks that the rows of the tickets, which triggers of the WTS v3 database update in the order of insertion, equal
/// the computed states. Only a history with a finding about the order of its traces may differ.
async fn rows_of_tickets_equal_their_states(database: &Database) {
    let (mut in_order, mut differing) = (0, 0);
    for (ticket, traces) in export(database).await {
        let state = TicketState::from_traces(&traces);
        let is_equal = state.fields == TicketFields::from(&ticket)
            && state.last_updated_at == ticket.last_updated_at;
        let audit = audit_history(&ticket, &traces);
        assert_eq!(is_equal, !audit.iter().any(is_difference), "{ticket:?}");
        if state.findings.contains(&HistoryFindingKind::OutOfOrder) {
            differing += usize::from(!is_equal);
        } else {
            assert!(is_equal, "{ticket:?} and {state:?}");
            in_order += 1;
        }
    }
    assert!(in_order > HISTORIES / 2, "{in_order}");
    assert!(differing > HISTORIES / 8, "{differing}");
}

/// Returns whether a finding is a difference between a ticket and its traces.
fn is_difference(finding: &HistoryFinding) -> bool {
    finding.kind().is_none()
}

/// Returns all tickets with their traces.
async fn export(database: &Database) -> Vec<(Ticket, Vec<Trace>)> {
    let source = source(&database.parsed_url(), Selection::All).await;
    let source = source.unwrap();
    let export = spawn_blocking(move || {
        let mut tickets: Vec<(Ticket, Vec<Trace>)> = Vec::new();
        let mut deliver = |batch: wts_app::Batch| {
            for entry in batch.into_entries() {
                match (entry.record, tickets.last_mut()) {
                    (Record::Ticket(ticket), _) => tickets.push((ticket, Vec::new())),
                    (Record::Trace(trace), Some((_, traces))) => traces.push(trace),
                    _ => {}
                }
            }
            Ok(())
        };
        let mut output = BatchSender::new(&mut deliver);
        source.read(&mut output).unwrap();
        output.flush().unwrap();
        tickets
    });
    export.await.unwrap()
}

/// The changes and periods computed by the domain crate, formatted like the results of the SQL queries.
#[derive(Default)]
struct Replay {
    histories: usize,
    /// The values of all fields before and after each trace.
    fields: Vec<String>,
    /// The status and length of each period.
    periods: Vec<String>,
}

impl Replay {
    fn add(&mut self, history: &TicketHistory) {
        self.histories += 1;
        let mut state = TicketState::default();
        for (index, (trace, changes)) in trace_changes(&history.traces).enumerate() {
            assert_eq!(state.apply(trace), changes);
            assert_eq!(history.changes_at(index), Some(changes));
            let values = TicketField::ALL.iter().map(|field| {
                let after = state.fields.get(*field);
                let before = match changes.get(*field) {
                    Some(change) => {
                        assert_ne!(change.from, Some(change.to));
                        assert_eq!(after, Some(change.to));
                        change.from
                    }
                    None => after,
                };
                format!(" {}>{}", text(before), text(after))
            });
            let values: String = values.collect();
            self.fields
                .push(format!("{} {}{values}", trace.ticket, trace.id));
        }
        assert_eq!(state, TicketState::from_traces(&history.traces));
        let Some(ticket) = history.traces.first().map(|trace| trace.ticket) else {
            return;
        };
        let periods = state.time_in_status.iter();
        self.periods.extend(periods.map(|period| {
            let seconds = period.seconds().map(|seconds| seconds.to_string());
            let StatusPeriod { status, .. } = period;
            format!("{ticket} {status} {}", seconds.unwrap_or_default())
        }));
    }
}

/// Formats a value as the queries do. A date becomes the number of days since 2000-01-01.
fn text(value: Option<FieldValue>) -> String {
    match value {
        None => String::new(),
        Some(FieldValue::Appointment(date)) => date.days_since_2000().to_string(),
        Some(value) => value.to_string(),
    }
}

/// Asserts that two lists are equal, ignoring their order. A failure prints only the first difference.
fn assert_equal(mut actual: Vec<String>, mut expected: Vec<String>) {
    actual.sort_unstable();
    expected.sort_unstable();
    let difference = actual
        .iter()
        .zip(&expected)
        .find(|(actual, expected)| actual != expected);
    assert_eq!(difference, None);
    assert_eq!(actual.len(), expected.len());
}

/// The values of the fields before and after each trace.
const FIELDS: &str = "
    select tid || ' ' || opid
        || ' ' || coalesce(lag(status) over history, '') || '>' || coalesce(status, '')
        || ' ' || coalesce(lag(priority) over history, '') || '>' || coalesce(priority, '')
        || ' ' || coalesce(lag(appointment) over history, '') || '>' || coalesce(appointment, '')
        || ' ' || coalesce(lag(category) over history, '') || '>' || coalesce(category, '') as text
    from replay
    window history as (partition by tid order by updated_at, opid)";

/// The periods of each status with their lengths.
const PERIODS: &str = "
    with before as (
        select *, lag(status) over (partition by tid order by updated_at, opid) as last_status from replay
    )
    select tid || ' ' || status || ' ' || coalesce(cast(lead(second) over history - second as text), '') as text
    from before
    where status is not null and (last_status is null or status <> last_status)
    window history as (partition by tid order by updated_at, opid)";

/// Returns the SQL that creates the table `replay`, which contains the state after each trace.
///
/// The SQL counts the values of a field up to each trace. Traces with the same count share one value, which is the
/// state of the field, or have no value if the count is zero.
fn create_replay(kind: Kind) -> String {
    let (traces, second, days) = match kind {
        Kind::Sqlite => (
            "ticket_traces",
            "case when abs(updated_at / 2) < 4611686018427387903
                  then (updated_at - ((updated_at % 1000000) + 1000000) % 1000000) / 1000000 end",
            "new_appointment",
        ),
        Kind::Postgres | Kind::WtsV3 => (
            "wts.ticket_traces",
            "case when isfinite(updated_at) then extract(epoch from date_trunc('second', updated_at))::bigint end",
            "case new_appointment when 'infinity' then 2147483647 when '-infinity' then -2147483648
                 else new_appointment - date '2000-01-01' end",
        ),
    };
    format!(
        "create table replay as
         with counted as (
             select tid, opid, updated_at, {second} as second,
                 cast(new_status as text) as new_status, count(new_status) over history as statuses,
                 cast(new_priority as text) as new_priority, count(new_priority) over history as priorities,
                 cast({days} as text) as new_appointment, count(new_appointment) over history as appointments,
                 cast(new_category as text) as new_category, count(new_category) over history as categories
             from {traces}
             window history as (partition by tid order by updated_at, opid)
         )
         select tid, opid, updated_at, second,
             max(new_status) over (partition by tid, statuses) as status,
             max(new_priority) over (partition by tid, priorities) as priority,
             max(new_appointment) over (partition by tid, appointments) as appointment,
             max(new_category) over (partition by tid, categories) as category
         from counted"
    )
}
