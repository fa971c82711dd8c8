//! Whole histories in bulk: carried from a source to a sink, or held against the rules.
//!
//! A [`HistorySource`] is a database, a file or something made up, a [`HistorySink`] a database or a file. All of them
//! speak of the same records in the same order, so that what came out of one goes into any other and comes out again the
//! same. Nothing here is asynchronous: a bulk copy is two threads, one that reads and one that writes.

mod audit;
mod copy;
mod error;
mod identity;
mod ports;
mod record;
mod selection;
mod sequence;
mod verify;

pub use copy::{Copied, CopyHistories};
pub use error::{BulkError, Fault, Place, RecordId};
pub use ports::{HistorySink, HistorySource, Observer, Stored};
pub use record::{Batch, Counts, Entry, Record, Share};
pub use selection::Selection;
pub use verify::{Verified, VerifyHistories};
