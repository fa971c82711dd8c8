//! The ports of a transfer: sources, sinks and observers.

use std::{collections::BTreeSet, mem, ops::ControlFlow};

use wts_domain::{HistoryFinding, TicketId, Timestamp};

use super::{
    error::{RecordError, TransferError},
    record::{Batch, Counts, Entry, Progress},
};

/// A source of complete histories.
///
/// A source sends the staff members first, in ascending order of staff number (compared byte by byte). Then it sends
/// every ticket in ascending order of number. Each ticket is followed by its traces, in ascending order of time, then
/// of id. All records are from one consistent snapshot.
pub trait HistorySource: Send {
    /// Sends every record to `output`. Blocks the calling thread.
    ///
    /// # Errors
    ///
    /// Returns [`TransferError`] if the source could not be read to its end, or the error that `output` returned.
    fn read(self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError>;
}

/// A sink that stores complete histories, received in the order in which a [`HistorySource`] sends them. A sink that is
/// dropped before [`HistorySink::finish`] stores nothing.
pub trait HistorySink: Send {
    /// Writes a batch. May block the calling thread.
    ///
    /// # Errors
    ///
    /// Returns [`TransferError`] if the batch could not be written. The sink must not be used afterwards.
    fn put(&mut self, batch: Batch) -> Result<(), TransferError>;

    /// Commits all batches that were written.
    ///
    /// # Errors
    ///
    /// Returns [`TransferError`] if the commit failed. Nothing is stored then.
    fn finish(self: Box<Self>) -> Result<ImportReport, TransferError>;
}

/// The number of records that a sink has stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// The number of records that are new in the sink.
    pub inserted: Counts,
    /// The number of records that were already in the sink with equal values.
    pub unchanged: Counts,
}

/// A sender that collects the entries of a source into batches and passes each batch to a function.
pub struct BatchSender<'a> {
    deliver: &'a mut dyn FnMut(Batch) -> Result<(), TransferError>,
    batch: Batch,
}

impl<'a> BatchSender<'a> {
    /// Creates a sender that calls `deliver` with each batch.
    pub fn new(deliver: &'a mut dyn FnMut(Batch) -> Result<(), TransferError>) -> Self {
        Self {
            deliver,
            batch: Batch::default(),
        }
    }

    /// Adds an entry to the current batch, and delivers the batch if it is full.
    ///
    /// # Errors
    ///
    /// Returns the error of `deliver`. The source should stop reading then.
    pub fn send(&mut self, entry: impl Into<Entry>) -> Result<(), TransferError> {
        self.batch.push(entry.into());
        if self.batch.is_full() {
            self.flush()?;
        }
        Ok(())
    }

    /// Adds the error of a record that cannot be read. The source should continue with the next record, so that every
    /// such record is reported.
    ///
    /// # Errors
    ///
    /// Returns the error of `deliver`. The source should stop reading then.
    pub fn send_invalid(&mut self, error: RecordError) -> Result<(), TransferError> {
        self.batch.push_invalid(error);
        if self.batch.is_full() {
            self.flush()?;
        }
        Ok(())
    }

    /// Sets the progress of the source, which is attached to the batches that follow.
    pub fn set_progress(&mut self, done: u64, total: u64) {
        self.batch.progress = Some(Progress { done, total });
    }

    /// Delivers the current batch, even if it is not full.
    ///
    /// # Errors
    ///
    /// Returns the error of `deliver`.
    pub fn flush(&mut self) -> Result<(), TransferError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let progress = self.batch.progress;
        let batch = mem::take(&mut self.batch);
        self.batch.progress = progress;
        (self.deliver)(batch)
    }
}

/// The tickets that a source reads, each with its complete history. [`Selection::All`] includes all staff members;
/// other selections include only the staff members who made a trace on a selected ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All tickets.
    All,
    /// The tickets with these numbers. Numbers without a ticket are ignored.
    Tickets(BTreeSet<TicketId>),
    /// The tickets that were filed in a period of time.
    Filed {
        /// The inclusive start of the period, `None` for no start.
        since: Option<Timestamp>,
        /// The exclusive end of the period, `None` for no end.
        before: Option<Timestamp>,
    },
}

/// An observer of a transfer, which receives its progress and its findings.
pub trait Observer {
    /// Called after each batch with the number of records so far. If it returns `Break`, the transfer ends with
    /// [`TransferError::Interrupted`].
    fn on_progress(&mut self, counts: Counts, progress: Option<Progress>) -> ControlFlow<()>;

    /// Called for each broken rule. `line` is the line of the record if it comes from a file.
    fn on_finding(&mut self, line: Option<u64>, ticket: TicketId, finding: HistoryFinding);

    /// Called for each record that cannot be read.
    fn on_invalid_record(&mut self, _error: &RecordError) {}
}

/// An observer that ignores all events.
impl Observer for () {
    fn on_progress(&mut self, _: Counts, _: Option<Progress>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn on_finding(&mut self, _: Option<u64>, _: TicketId, _: HistoryFinding) {}
}
