//! The ports to the sources and sinks of histories in bulk.

use std::{collections::BTreeSet, mem, ops::ControlFlow};

use wts_domain::{HistoryFinding, TicketId, Timestamp};

use super::{
    error::TransferError,
    record::{Batch, Counts, Entry, Progress},
};

/// Reads whole histories, one after the other.
///
/// The staff comes first, by ascending staff number (compared byte by byte), then every ticket by ascending number, each
/// followed by its traces, oldest first, ties by ascending id. All of it is as it was at one time.
pub trait HistorySource: Send {
    /// Sends every record to `output`. Blocks its thread.
    ///
    /// # Errors
    ///
    /// Returns [`TransferError`] if the source could not be read to its end, or if `output` returned it.
    fn read(self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError>;
}

/// Writes whole histories, in the order in which a [`HistorySource`] sends them, all or nothing: if a sink is dropped
/// before it is finished, it leaves nothing behind.
pub trait HistorySink: Send {
    /// Writes a batch. May block its thread.
    ///
    /// # Errors
    ///
    /// Returns [`TransferError`]; the sink is unusable then.
    fn put(&mut self, batch: Batch) -> Result<(), TransferError>;

    /// Commits everything that was put.
    ///
    /// # Errors
    ///
    /// Returns [`TransferError`]; nothing is committed then.
    fn finish(self: Box<Self>) -> Result<ImportReport, TransferError>;
}

/// How many records a sink has written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Records that are new in the sink.
    pub inserted: Counts,
    /// Records that the sink had already, the same in every field.
    pub unchanged: Counts,
}

/// Collects the entries of a source into batches and delivers each batch.
pub struct BatchSender<'a> {
    deliver: &'a mut dyn FnMut(Batch) -> Result<(), TransferError>,
    batch: Batch,
}

impl<'a> BatchSender<'a> {
    /// A sender that calls `deliver` with each batch.
    pub fn new(deliver: &'a mut dyn FnMut(Batch) -> Result<(), TransferError>) -> Self {
        Self {
            deliver,
            batch: Batch::default(),
        }
    }

    /// Sends an entry.
    ///
    /// # Errors
    ///
    /// Returns the error of a delivery; the source should stop reading then.
    pub fn send(&mut self, entry: impl Into<Entry>) -> Result<(), TransferError> {
        self.batch.push(entry.into());
        if self.batch.is_full() {
            self.flush()?;
        }
        Ok(())
    }

    /// Records how far the source has read.
    pub fn set_progress(&mut self, done: u64, total: u64) {
        self.batch.progress = Some(Progress { done, total });
    }

    /// Delivers the last entries.
    ///
    /// # Errors
    ///
    /// Returns the error of the delivery.
    pub fn flush(&mut self) -> Result<(), TransferError> {
        if self.batch.entries().is_empty() {
            return Ok(());
        }
        let progress = self.batch.progress;
        let batch = mem::take(&mut self.batch);
        self.batch.progress = progress;
        (self.deliver)(batch)
    }
}

/// Which tickets a source reads, each with its whole history. With all tickets comes the whole staff, otherwise those who
/// have acted on one of the tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All tickets.
    All,
    /// These tickets, as far as they exist.
    Tickets(BTreeSet<TicketId>),
    /// The tickets that were filed in a period.
    Filed {
        /// The inclusive beginning, if there is one.
        since: Option<Timestamp>,
        /// The exclusive end, if there is one.
        before: Option<Timestamp>,
    },
}

/// Observes a transfer.
pub trait Observer {
    /// Is called after each batch with the number of records so far. `Break` ends the transfer with
    /// [`TransferError::Interrupted`].
    fn on_progress(&mut self, counts: Counts, progress: Option<Progress>) -> ControlFlow<()>;

    /// Is called for each violation of a rule; `line` is that of the record, if it comes from a file.
    fn on_finding(&mut self, line: Option<u64>, ticket: TicketId, finding: HistoryFinding);
}

/// An observer that ignores all events.
impl Observer for () {
    fn on_progress(&mut self, _: Counts, _: Option<Progress>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn on_finding(&mut self, _: Option<u64>, _: TicketId, _: HistoryFinding) {}
}
