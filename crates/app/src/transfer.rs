//! Bulk transfer of complete histories: copying them from a source to a sink, and verifying them against the rules.
//!
//! A [`HistorySource`] is a database, a file or the generator of sample data. A [`HistorySink`] is a database or a
//! file. All of them use the same records in the same order, so the output of any source can be written to any sink
//! unchanged. The code is not asynchronous: a copy uses two threads, one that reads and one that writes.

mod checks;
mod copy;
mod error;
mod ports;
mod record;

pub use copy::{CopyReport, VerifyReport, copy_histories, verify_histories};
pub use error::{RecordError, RecordId, RecordLocation, TransferError};
pub use ports::{BatchSender, HistorySink, HistorySource, ImportReport, Observer, Selection};
pub use record::{Batch, Counts, Entry, Progress, Record};
