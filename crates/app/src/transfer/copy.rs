//! The use cases of a transfer: copying histories, and verifying them.

use std::{sync::mpsc::sync_channel, thread};

use super::{
    checks::{OrderCheck, RuleCheck, UniquenessCheck},
    error::TransferError,
    ports::{BatchSender, HistorySink, HistorySource, ImportReport, Observer},
    record::{Batch, Counts},
};

/// The maximum number of batches that have been read and wait to be written.
const MAX_WAITING_BATCHES: usize = 2;

/// The result of [`copy_histories`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyReport {
    /// The number of records that the sink has stored.
    pub stored: ImportReport,
    /// The number of findings that were reported to the observer. Histories with findings are copied too.
    pub findings: u64,
}

/// The result of [`verify_histories`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyReport {
    /// The number of records that were checked.
    pub counts: Counts,
    /// The number of findings that were reported to the observer.
    pub findings: u64,
}

/// Copies all histories from a source to a sink. If an error occurs, nothing is stored. Blocks the calling thread.
///
/// # Errors
///
/// Returns [`TransferError`] if the source or the sink failed, or if a record is invalid. The sink has stored nothing
/// then.
pub fn copy_histories(
    source: Box<dyn HistorySource>,
    mut sink: Box<dyn HistorySink>,
    observer: &mut dyn Observer,
) -> Result<CopyReport, TransferError> {
    let VerifyReport { findings, .. } = read_all(source, observer, |batch| sink.put(batch))?;
    let stored = sink.finish()?;
    Ok(CopyReport { stored, findings })
}

/// Reads every history of a source once and checks it against the rules of [`wts_domain::audit_history`]. Also checks
/// that numbers are unique and that the operator of every trace is a staff member. Blocks the calling thread.
///
/// # Errors
///
/// Returns [`TransferError`] if the source failed, or at the first record that cannot be read or that a database would
/// reject. The records after that record are not checked.
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

/// Reads a source to its end in a second thread, checks each batch, and calls `take` with the batch.
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
            // If the receiver has been dropped, sending fails and the reading ends.
            let mut deliver = |batch| {
                let sent = batches.send(Ok(batch));
                sent.map_err(|_| TransferError::Interrupted)
            };
            let mut output = BatchSender::new(&mut deliver);
            let outcome = source.read(&mut output);
            // The entries before an error are sent first, so that the first error in the source is reported.
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
