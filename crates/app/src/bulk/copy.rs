//! Carrying histories from one place to another.

use std::{sync::mpsc::sync_channel, thread};

use super::{
    Batch, BulkError, Counts, HistorySink, HistorySource, Observer, Stored, audit::Audit,
    sequence::Sequence,
};

/// How many batches may wait between the thread that reads and the one that writes.
const WAITING: usize = 2;

/// Carries whole histories from a source to a sink, all of them or none.
pub struct CopyHistories {
    source: Box<dyn HistorySource>,
    sink: Box<dyn HistorySink>,
}

/// What came of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// What the sink made of it.
    pub stored: Stored,
    /// How many findings the observer was told of. Histories that break rules are carried all the same.
    pub findings: u64,
}

impl CopyHistories {
    /// A copy that has not begun.
    pub fn new(source: Box<dyn HistorySource>, sink: Box<dyn HistorySink>) -> Self {
        Self { source, sink }
    }

    /// Carries everything. Blocks its thread.
    ///
    /// # Errors
    ///
    /// [`BulkError`]; nothing is in the sink then.
    pub fn execute(self, observer: &mut dyn Observer) -> Result<Copied, BulkError> {
        let mut sink = self.sink;
        let (_, findings) = drain(self.source, observer, |batch| sink.put(batch))?;
        let stored = sink.finish()?;
        Ok(Copied { stored, findings })
    }
}

/// Takes everything out of a source, in order and held against the rules: how much there was, and how many findings.
pub(super) fn drain(
    mut source: Box<dyn HistorySource>,
    observer: &mut dyn Observer,
    mut take: impl FnMut(Batch) -> Result<(), BulkError>,
) -> Result<(Counts, u64), BulkError> {
    let (mut sequence, mut audit) = (Sequence::default(), Audit::default());
    let mut counts = Counts::default();
    thread::scope(|scope| {
        let (batches, inbox) = sync_channel(WAITING);
        // Reading ends when nobody wants to hear more.
        scope.spawn(move || {
            while let Some(batch) = source.next_batch().transpose() {
                let failed = batch.is_err();
                if batches.send(batch).is_err() || failed {
                    break;
                }
            }
        });
        for batch in inbox {
            let batch = batch?;
            for entry in batch.entries() {
                sequence.admit(entry)?;
                audit.follow(entry, observer);
                counts.count(&entry.record);
            }
            let completed = batch.completed;
            take(batch)?;
            if observer.carried(counts, completed).is_break() {
                return Err(BulkError::Interrupted);
            }
        }
        Ok(())
    })?;
    Ok((counts, audit.finish(observer)))
}

#[cfg(test)]
mod tests;
