//! The queries that share one statement.

use std::{collections::VecDeque, time::Instant};

use tokio::sync::oneshot;
use wts_app::{FoundHistory, HistoryQuery};

use super::loader::{BatchRequest, BatchResponse, LookupError};

pub(super) type LookupResult = Result<FoundHistory, LookupError>;

/// A query that waits for its result.
pub(super) struct PendingLookup {
    pub(super) query: HistoryQuery,
    pub(super) since: Instant,
    pub(super) result: oneshot::Sender<LookupResult>,
}

/// The queries that one statement answers.
pub(super) struct Batch {
    pub(super) lookups: Vec<PendingLookup>,
    pub(super) request: BatchRequest,
}

impl Batch {
    /// Takes the oldest queries for at most `max_tickets` tickets, and all other queries for these tickets.
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
                continue; // the caller went away
            }
            if batch.request.try_add(&lookup.query, max_tickets) {
                batch.lookups.push(lookup);
            } else {
                waiting.push_back(lookup);
            }
        }
        batch
    }

    /// Sends each query its result.
    pub(super) fn respond(self, outcome: &Result<BatchResponse, LookupError>) {
        for lookup in self.lookups {
            let result = match outcome {
                Ok(response) => response.result_of(&lookup.query),
                Err(error) => Err(error.clone()),
            };
            // A caller that went away needs none.
            let _ = lookup.result.send(result);
        }
    }
}
