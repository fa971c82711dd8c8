//! The ports to wherever histories come from and go to in bulk.

use std::ops::ControlFlow;

use wts_domain::{Finding, TicketId};

use super::{Batch, BulkError, Counts, Share};

/// Gives whole histories, one after the other.
///
/// First comes the staff, by ascending staff number (compared byte by byte), then every ticket by ascending number, each
/// followed by its traces, oldest first, ties by ascending id. All of it is as it was at one moment.
pub trait HistorySource: Send {
    /// The next entries, at least one; `None` when there are no more. May block its thread.
    ///
    /// # Errors
    ///
    /// [`BulkError`]; nothing more comes then.
    fn next_batch(&mut self) -> Result<Option<Batch>, BulkError>;
}

/// Takes whole histories, in the order in which a [`HistorySource`] gives them.
///
/// All or nothing: what was put into a sink is there when it was finished, and where it was dropped before that, nothing
/// is.
pub trait HistorySink: Send {
    /// Takes some more. May block its thread.
    ///
    /// # Errors
    ///
    /// [`BulkError`]; the sink is of no use then.
    fn put(&mut self, batch: Batch) -> Result<(), BulkError>;

    /// Makes everything that was put last, and says what came of it.
    ///
    /// # Errors
    ///
    /// [`BulkError`]; nothing that was put is there then.
    fn finish(self: Box<Self>) -> Result<Stored, BulkError>;
}

/// What a sink has made of what was put into it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// So much was not there before.
    pub new: Counts,
    /// So much was there already, the same in every field.
    pub known: Counts,
}

/// Is told how a bulk copy goes.
pub trait Observer {
    /// So much has been carried so far. To break off ends the copy as if it had failed.
    fn carried(&mut self, counts: Counts, completed: Option<Share>) -> ControlFlow<()>;

    /// A history breaks a rule.
    fn found(&mut self, at: Option<u64>, ticket: TicketId, finding: Finding);
}

/// Wants to know nothing.
impl Observer for () {
    fn carried(&mut self, _: Counts, _: Option<Share>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn found(&mut self, _: Option<u64>, _: TicketId, _: Finding) {}
}
