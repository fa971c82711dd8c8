//! The use cases of WTS traces: reading a history, reading or following the feed of all traces, following tickets, and
//! copying histories in bulk.
//!
//! A use case applies the policies of [`wts_domain`] and accesses databases and files through traits, its ports, which
//! adapter crates implement. The crate does not depend on HTTP or SQL. The feature `mocks` exports mocks of the ports
//! for the tests of other crates.

mod error_chain;
mod feed_repository;
mod follow_feed;
mod get_traces;
mod history_repository;
mod list_traces;
mod rank_source;
mod transfer;
mod watch_repository;
mod watch_traces;

use std::sync::Arc;

pub use error_chain::ErrorChain;
#[cfg(feature = "mocks")]
pub use feed_repository::MockFeedRepository;
pub use feed_repository::{
    FeedFilter, FeedPosition, FeedRepository, FoundIssuers, IssuerQuery, PageQuery, TracePage,
};
pub use follow_feed::FollowFeed;
pub use get_traces::{GetTraces, GetTracesError};
#[cfg(feature = "mocks")]
pub use history_repository::MockHistoryRepository;
pub use history_repository::{FoundHistory, HistoryQuery, HistoryRepository, RepositoryError};
pub use list_traces::{AuthorizedQuery, ListTraces, ListTracesError, ListedTraces};
pub use rank_source::RankSource;
pub use transfer::{
    Batch, BatchSender, CopyReport, Counts, Entry, HistorySink, HistorySource, ImportReport,
    Observer, Progress, Record, RecordError, RecordId, RecordLocation, Selection, TransferError,
    VerifyReport, copy_histories, verify_histories,
};
#[cfg(feature = "mocks")]
pub use watch_repository::MockWatchRepository;
pub use watch_repository::{News, WatchRepository};
pub use watch_traces::WatchTraces;

/// The repositories of the use cases.
#[derive(Clone)]
pub struct Repositories {
    /// Histories, which may be read from replicas.
    pub histories: Arc<dyn HistoryRepository>,
    /// Histories on the primary database, which are as fresh as the feed.
    pub primary_histories: Arc<dyn HistoryRepository>,
    /// The feed.
    pub feed: Arc<dyn FeedRepository>,
    /// The reads for all waiting callers together.
    pub watch: Arc<dyn WatchRepository>,
}

/// All use cases with their repositories. The binary creates this value once and passes it to an adapter.
#[derive(Clone)]
pub struct UseCases {
    /// The use case that returns the history of one ticket.
    pub get_traces: GetTraces,
    /// The use case that returns the feed.
    pub list_traces: ListTraces,
    /// The use case that follows tickets.
    pub watch_traces: WatchTraces,
}

impl UseCases {
    /// Creates all use cases.
    pub fn new(repositories: Repositories, rank_source: RankSource) -> Self {
        let Repositories {
            histories,
            primary_histories,
            feed,
            watch,
        } = repositories;
        let watch_traces = WatchTraces::new(watch, primary_histories.clone(), rank_source);
        Self {
            get_traces: GetTraces::new(histories).with_rank_source(rank_source),
            watch_traces,
            list_traces: ListTraces::new(feed, primary_histories, rank_source),
        }
    }
}
