//! The use cases of WTS traces: reading a history, and copying histories in bulk.
//!
//! A use case applies the policies of [`wts_domain`] and accesses databases and files through traits, its ports, which
//! adapter crates implement. The crate does not depend on HTTP or SQL. The feature `mocks` exports mocks of the ports
//! for the tests of other crates.

mod error_chain;
mod get_traces;
mod history_repository;
mod transfer;

use std::sync::Arc;

pub use error_chain::ErrorChain;
pub use get_traces::{GetTraces, GetTracesError, RankSource};
#[cfg(feature = "mocks")]
pub use history_repository::MockHistoryRepository;
pub use history_repository::{FoundHistory, HistoryQuery, HistoryRepository, RepositoryError};
pub use transfer::{
    Batch, BatchSender, CopyReport, Counts, Entry, HistorySink, HistorySource, ImportReport,
    Observer, Progress, Record, RecordError, RecordId, RecordLocation, Selection, TransferError,
    VerifyReport, copy_histories, verify_histories,
};

/// All use cases with their repositories. The binary creates this value once and passes it to an adapter.
#[derive(Clone)]
pub struct UseCases {
    /// The use case that returns the history of one ticket.
    pub get_traces: GetTraces,
}

impl UseCases {
    /// Creates all use cases with a repository of histories.
    pub fn new(histories: Arc<dyn HistoryRepository>, rank_source: RankSource) -> Self {
        Self {
            get_traces: GetTraces::new(histories).with_rank_source(rank_source),
        }
    }
}
