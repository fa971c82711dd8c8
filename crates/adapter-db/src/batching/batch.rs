//! A batch: the queries whose results one statement reads.

use std::{collections::VecDeque, time::Instant};

use tokio::sync::oneshot;
use wts_app::{FoundHistory, HistoryQuery};

use super::loader::{BatchRequest, BatchResponse, LookupError};

pub(super) type LookupResult = Result<FoundHistory, LookupError>;

/// A query that waits for its result, and when it was queued.
pub(super) struct PendingLookup {
    pub(super) query: HistoryQuery,
    pub(super) queued_at: Instant,
    pub(super) result: oneshot::Sender<LookupResult>,
}

/// A batch: the pending queries, and the request that reads their results.
pub(super) struct Batch {
    pub(super) lookups: Vec<PendingLookup>,
    pub(super) request: BatchRequest,
}

impl Batch {
    /// Removes the next batch from the queue: the oldest queries for up to `max_tickets` different tickets, and all
    /// other queries for the same tickets. Cancelled queries are dropped.
    pub(super) fn take(waiting: &mut VecDeque<PendingLookup>, max_tickets: usize) -> Self {
        let mut batch = Self {
            lookups: Vec::with_capacity(waiting.len()),
            request: BatchRequest::default(),
        };
        for _ in 0..waiting.len() {
            let Some(lookup) = waiting.pop_front() else {
                break;
            };
            if lookup.result.is_closed() {
                continue; // the caller was cancelled
            }
            if batch.request.try_add(&lookup.query, max_tickets) {
                batch.lookups.push(lookup);
            } else {
                waiting.push_back(lookup);
            }
        }
        batch
    }

    /// Sends the result of each query to its caller.
    pub(super) fn respond(self, outcome: &Result<BatchResponse, LookupError>) {
        for lookup in self.lookups {
            let result = match outcome {
                Ok(response) => response.result_of(&lookup.query),
                Err(error) => Err(error.clone()),
            };
            // Sending fails if the caller was cancelled.
            let _ = lookup.result.send(result);
        }
    }
}
