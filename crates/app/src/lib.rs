//! The use cases of WTS traces.
//!
//! A use case is policy and ports: it decides with [`wts_domain`], reaches the outside through traits that adapters
//! implement, and does not depend on HTTP or SQL. With the feature `mocks` the crate exports mocks of its ports for the
//! tests of other crates.

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

/// All use cases with their repositories. A binary creates it once and passes it to an adapter as one value.
#[derive(Clone)]
pub struct UseCases {
    /// Reading the history of one ticket.
    pub get_traces: GetTraces,
}

impl UseCases {
    /// Creates the use cases over these histories.
    pub fn new(histories: Arc<dyn HistoryRepository>, rank_source: RankSource) -> Self {
        Self {
            get_traces: GetTraces::new(histories).with_rank_source(rank_source),
        }
    }
}
