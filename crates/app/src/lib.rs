//! The use cases of WTS traces.
//!
//! A use case is policy and ports: it decides with [`wts_domain`], reaches the outside through traits that adapters
//! implement, and knows nothing of HTTP or SQL. With the feature `mocks` the crate hands out mocks of its ports, so
//! that others can test against them.

mod bulk;
mod get_traces;
mod history_repository;

pub use bulk::{
    Batch, BulkError, Copied, CopyHistories, Counts, Entry, Fault, HistorySink, HistorySource,
    Observer, Place, Record, RecordId, Selection, Share, Stored, Verified, VerifyHistories,
};
pub use get_traces::{Authority, GetTraces, GetTracesError};
#[cfg(feature = "mocks")]
pub use history_repository::MockHistoryRepository;
pub use history_repository::{HistoryRepository, RepositoryError};
