//! Whole histories in bulk: copied from a source to a sink, or checked against the rules.
//!
//! A [`HistorySource`] is a database, a file or the generator of sample data; a [`HistorySink`] is a database or a file.
//! All of them use the same records in the same order, so that the output of one goes into any other and comes out again
//! unchanged. Nothing here is asynchronous: a copy is two threads, one that reads and one that writes.

mod checks;
mod copy;
mod error;
mod ports;
mod record;

pub use copy::{CopyReport, VerifyReport, copy_histories, verify_histories};
pub use error::{RecordError, RecordId, RecordLocation, TransferError};
pub use ports::{BatchSender, HistorySink, HistorySource, ImportReport, Observer, Selection};
pub use record::{Batch, Counts, Entry, Progress, Record};
