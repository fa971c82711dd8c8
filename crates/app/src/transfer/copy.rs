//! The use cases: copying histories and verifying them.

use std::{sync::mpsc::sync_channel, thread};

use super::{
    checks::{OrderCheck, RuleCheck, UniquenessCheck},
    error::TransferError,
    ports::{BatchSender, HistorySink, HistorySource, ImportReport, Observer},
    record::{Batch, Counts},
};

/// The most batches that the reading thread may be ahead of the writing thread.
const MAX_WAITING_BATCHES: usize = 2;

/// The result of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyReport {
    /// The records that the sink has written.
    pub stored: ImportReport,
    /// The number of findings that were reported to the observer. Histories that break rules are copied nevertheless.
    pub findings: u64,
}

/// The result of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyReport {
    /// The records that were checked.
    pub counts: Counts,
    /// The number of findings that were reported to the observer.
    pub findings: u64,
}

/// Copies whole histories from a source to a sink, all or nothing. Blocks its thread.
///
/// # Errors
///
/// Returns [`TransferError`]; the sink has stored nothing then.
pub fn copy_histories(
    source: Box<dyn HistorySource>,
    mut sink: Box<dyn HistorySink>,
    observer: &mut dyn Observer,
) -> Result<CopyReport, TransferError> {
    let VerifyReport { findings, .. } = read_all(source, observer, |batch| sink.put(batch))?;
    let stored = sink.finish()?;
    Ok(CopyReport { stored, findings })
}

/// Checks every history of a source against the rules of [`wts_domain::audit_history`] in one pass, and that every number
/// stands for one record and every operator is on the staff. Blocks its thread.
///
/// # Errors
///
/// Returns [`TransferError`] if the source failed, or if it has a record that cannot be read or that no database would
/// store beside the others. The records after it are not checked.
pub fn verify_histories(
    source: Box<dyn HistorySource>,
    observer: &mut dyn Observer,
) -> Result<VerifyReport, TransferError> {
    let mut uniqueness = UniquenessCheck::default();
    read_all(source, observer, |batch| {
        for entry in batch.entries() {
            uniqueness.check(entry)?;
        }
        Ok(())
    })
}

/// Reads a source to its end in a thread of its own and calls `take` with each batch, checked.
fn read_all(
    source: Box<dyn HistorySource>,
    observer: &mut dyn Observer,
    mut take: impl FnMut(Batch) -> Result<(), TransferError>,
) -> Result<VerifyReport, TransferError> {
    let (mut order, mut rules) = (OrderCheck::default(), RuleCheck::default());
    let mut counts = Counts::default();
    thread::scope(|scope| {
        let (batches, received) = sync_channel(MAX_WAITING_BATCHES);
        scope.spawn(move || {
            // If the receiver is gone, sending fails, which ends the reading.
            let mut deliver = |batch| {
                let sent = batches.send(Ok(batch));
                sent.map_err(|_| TransferError::Interrupted)
            };
            let mut output = BatchSender::new(&mut deliver);
            let outcome = source.read(&mut output);
            // The records before an error are checked first: the first error in the source is the one to report.
            let flushed = output.flush();
            if let Err(error) = outcome.and(flushed) {
                let _ = batches.send(Err(error));
            }
        });
        for batch in received {
            let batch = batch?;
            for entry in batch.entries() {
                order.check(entry)?;
                rules.check(entry, observer);
                counts.count(&entry.record);
            }
            let progress = batch.progress;
            take(batch)?;
            if observer.on_progress(counts, progress).is_break() {
                return Err(TransferError::Interrupted);
            }
        }
        Ok(())
    })?;
    let findings = rules.finish(observer);
    Ok(VerifyReport { counts, findings })
}

#[cfg(test)]
mod tests;
