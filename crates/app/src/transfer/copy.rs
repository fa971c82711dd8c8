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
    /// The number of records that cannot be read. The rules are not checked for the histories with such a record.
    pub invalid: u64,
}

/// The maximum number of records that a failed copy names.
const MAX_REPORTED_RECORDS: usize = 20;

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
    let mut errors = Vec::new();
    let report = read_all(source, observer, |batch| {
        let room = MAX_REPORTED_RECORDS - errors.len();
        errors.extend(batch.items().filter_map(Result::err).take(room).cloned());
        // If a record is missing, nothing is stored, so later batches are only read.
        if errors.is_empty() {
            sink.put(batch)
        } else {
            Ok(())
        }
    })?;
    if report.invalid > 0 {
        let total = report.invalid;
        return Err(TransferError::InvalidRecords { errors, total });
    }
    let stored = sink.finish()?;
    let findings = report.findings;
    Ok(CopyReport { stored, findings })
}

/// Reads every history of a source once and checks it against the rules of [`wts_domain::audit_history`]. Also checks
/// that numbers are unique and that the operator of every trace is a staff member. Blocks the calling thread.
///
/// # Errors
///
/// Returns [`TransferError`] if the source failed, or at the first record that is out of order or that a database would
/// reject. The records after that record are not checked.
pub fn verify_histories(
    source: Box<dyn HistorySource>,
    observer: &mut dyn Observer,
) -> Result<VerifyReport, TransferError> {
    let mut uniqueness = UniquenessCheck::default();
    read_all(source, observer, |batch| {
        for item in batch.items() {
            match item {
                Ok(entry) => uniqueness.check(entry)?,
                Err(error) => uniqueness.skip(error.location.record.as_ref()),
            }
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
    let (mut counts, mut invalid) = (Counts::default(), 0);
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
            for item in batch.items() {
                match item {
                    Ok(entry) => {
                        order.check(entry)?;
                        rules.check(entry, observer);
                        counts.count(&entry.record);
                    }
                    Err(error) => {
                        let record = error.location.record.as_ref();
                        order.skip(record);
                        rules.skip(record, observer);
                        observer.on_invalid_record(error);
                        invalid += 1;
                    }
                }
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
    Ok(VerifyReport {
        counts,
        findings,
        invalid,
    })
}

#[cfg(test)]
mod tests;
