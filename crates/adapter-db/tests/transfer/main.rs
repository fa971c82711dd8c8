//! Whole histories in and out of every kind of database.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

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

/// Sends these records, each with its line of a file, in batches of this size.
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

/// Keeps everything.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<Record>>>);

impl HistorySink for Collected {
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

/// Brings records in, in batches of this size.
async fn put_by(
    url: &DatabaseUrl,
    records: &[Record],
    batch: usize,
) -> Result<ImportReport, TransferError> {
    let records = records.to_vec();
    let source = Box::new(Records { records, batch });
    copy(source, sink(url).await.unwrap()).await
}

async fn put(url: &DatabaseUrl, records: &[Record]) -> Result<ImportReport, TransferError> {
    put_by(url, records, 1_000).await
}

/// Everything that comes out of a source.
async fn all_of(source: Box<dyn HistorySource>) -> Result<Vec<Record>, TransferError> {
    let collected = Collected::default();
    copy(source, Box::new(collected.clone())).await?;
    let records = collected.0.lock().unwrap();
    Ok(records.clone())
}

async fn selected(url: &DatabaseUrl, selection: Selection) -> Vec<Record> {
    all_of(source(url, selection).await.unwrap()).await.unwrap()
}

async fn everything(url: &DatabaseUrl) -> Vec<Record> {
    selected(url, Selection::All).await
}
