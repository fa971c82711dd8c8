//! Tests of importing and exporting histories, on every kind of database.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic fails the test")]

mod conflicts;
mod reading;
mod round_trips;
mod writing;

use std::sync::{Arc, Mutex};

use tokio::task::spawn_blocking;
use wts_adapter_db::{DatabaseUrl, sink, source};
use wts_app::{
    Batch, BatchSender, Counts, Entry, HistorySink, HistorySource, ImportReport, Record, Selection,
    TransferError, copy_histories,
};
use wts_domain::{Access, StaffMember};
use wts_testkit::{ALICE, Kind, Records as Fixture, sample_records, ticket_of, trace_of};

/// A source that sends records with their line numbers, in batches of this size.
struct Records {
    records: Vec<Record>,
    batch: usize,
}

impl HistorySource for Records {
    fn read(self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        for (sent, record) in (1..).zip(self.records) {
            let line = Some(sent + 1);
            output.send(Entry { line, record })?;
            if sent % self.batch as u64 == 0 {
                output.flush()?;
            }
        }
        Ok(())
    }
}

/// A sink that collects all records.
#[derive(Clone, Default)]
struct CollectingSink(Arc<Mutex<Vec<Record>>>);

impl HistorySink for CollectingSink {
    fn put(&mut self, batch: Batch) -> Result<(), TransferError> {
        let records = batch.into_entries().into_iter().map(|entry| entry.record);
        self.0.lock().unwrap().extend(records);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<ImportReport, TransferError> {
        Ok(ImportReport::default())
    }
}

async fn copy(
    source: Box<dyn HistorySource>,
    sink: Box<dyn HistorySink>,
) -> Result<ImportReport, TransferError> {
    let copy = spawn_blocking(move || copy_histories(source, sink, &mut ()));
    copy.await.unwrap().map(|report| report.stored)
}

/// Imports records in batches of this size.
async fn import_by(
    url: &DatabaseUrl,
    records: &[Record],
    batch: usize,
) -> Result<ImportReport, TransferError> {
    let records = records.to_vec();
    let source = Box::new(Records { records, batch });
    copy(source, sink(url).await.unwrap()).await
}

async fn import(url: &DatabaseUrl, records: &[Record]) -> Result<ImportReport, TransferError> {
    import_by(url, records, 1_000).await
}

/// Imports records and returns the error.
async fn import_error(url: &DatabaseUrl, records: &[Record]) -> String {
    import(url, records).await.unwrap_err().to_string()
}

async fn open(url: &DatabaseUrl) -> Box<dyn HistorySource> {
    source(url, Selection::All).await.unwrap()
}

/// Reads all records of a source.
async fn read(source: Box<dyn HistorySource>) -> Result<Vec<Record>, TransferError> {
    let collected = CollectingSink::default();
    copy(source, Box::new(collected.clone())).await?;
    let records = collected.0.lock().unwrap();
    Ok(records.clone())
}

async fn export_selected(url: &DatabaseUrl, selection: Selection) -> Vec<Record> {
    read(source(url, selection).await.unwrap()).await.unwrap()
}

async fn export(url: &DatabaseUrl) -> Vec<Record> {
    export_selected(url, Selection::All).await
}

/// The kinds of database that support imports.
const WRITABLE: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// Returns the sample records of the testkit in the order of an export.
fn sample() -> Vec<Record> {
    let Fixture {
        students,
        operators,
        tickets,
        mut traces,
    } = sample_records();
    traces.sort_by_key(|trace| (trace.updated_at, trace.id));
    let staff = operators.into_iter().map(|operator| {
        let student = students.iter().find(|student| student.sid == operator.sid);
        let mut staff = staff(operator.wid.as_str(), operator.sid.as_str(), "");
        staff.access = operator.access;
        staff.name.clone_from(&student.unwrap().name);
        Record::Staff(staff)
    });
    let histories = tickets.into_iter().flat_map(|ticket| {
        let own = traces.iter().filter(|trace| trace.ticket == ticket.id);
        let own: Vec<_> = own.cloned().map(Record::Trace).collect();
        std::iter::once(Record::Ticket(ticket)).chain(own)
    });
    staff.chain(histories).collect()
}

fn staff(wid: &str, sid: &str, name: &str) -> StaffMember {
    let mut staff = StaffMember::new(wid.into(), sid.into(), Access::FormalMember);
    name.clone_into(&mut staff.name);
    staff
}

/// Returns a ticket submitted by Alice.
fn ticket_record(number: i64) -> Record {
    Record::Ticket(ticket_of(number, ALICE))
}

fn trace_record(ticket: i64, id: i64, op: &str) -> Record {
    Record::Trace(trace_of(ticket, id, 90_000, op, ""))
}
