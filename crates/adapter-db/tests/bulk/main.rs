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

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::task::spawn_blocking;
use wts_adapter_db::{DatabaseUrl, sink, source};
use wts_app::{
    Batch, BulkError, CopyHistories, Counts, Entry, HistorySink, HistorySource, Record, Selection,
    Stored,
};

/// Gives these records, each at its line of a file, in batches of this size.
struct Given {
    records: VecDeque<Record>,
    line: u64,
    batch: usize,
}

impl HistorySource for Given {
    fn next_batch(&mut self) -> Result<Option<Batch>, BulkError> {
        let mut batch = Batch::default();
        for record in self.records.drain(..self.batch.min(self.records.len())) {
            self.line += 1;
            let line = Some(self.line);
            batch.push(Entry { line, record });
        }
        Ok((!batch.is_empty()).then_some(batch))
    }
}

/// Takes everything.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<Record>>>);

impl HistorySink for Taken {
    fn put(&mut self, batch: Batch) -> Result<(), BulkError> {
        let records = batch.into_entries().into_iter().map(|entry| entry.record);
        self.0.lock().unwrap().extend(records);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Stored, BulkError> {
        Ok(Stored::default())
    }
}

async fn copy(
    source: Box<dyn HistorySource>,
    sink: Box<dyn HistorySink>,
) -> Result<Stored, BulkError> {
    let copy = CopyHistories::new(source, sink);
    let copied = spawn_blocking(move || copy.execute(&mut ())).await.unwrap();
    copied.map(|copied| copied.stored)
}

/// Brings records in, in batches of this size.
async fn put_by(url: &DatabaseUrl, records: &[Record], batch: usize) -> Result<Stored, BulkError> {
    let records = records.iter().cloned().collect();
    let line = 1;
    let given = Given {
        records,
        line,
        batch,
    };
    copy(Box::new(given), sink(url).await.unwrap()).await
}

async fn put(url: &DatabaseUrl, records: &[Record]) -> Result<Stored, BulkError> {
    put_by(url, records, 1_000).await
}

/// Everything that comes out of a source.
async fn all_of(source: Box<dyn HistorySource>) -> Result<Vec<Record>, BulkError> {
    let taken = Taken::default();
    copy(source, Box::new(taken.clone())).await?;
    let records = taken.0.lock().unwrap();
    Ok(records.clone())
}

async fn selected(url: &DatabaseUrl, selection: Selection) -> Vec<Record> {
    all_of(source(url, selection).await.unwrap()).await.unwrap()
}

async fn everything(url: &DatabaseUrl) -> Vec<Record> {
    selected(url, Selection::Whole).await
}
