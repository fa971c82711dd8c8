//! Those who are answered together.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use tokio::sync::oneshot;
use wts_domain::{TicketHistory, TicketId};

use super::{Answer, Loaded, SharedCause, Unanswered};
use crate::error::Cause;

/// Somebody who has asked.
pub(super) struct Waiter {
    pub(super) ticket: TicketId,
    pub(super) since: Instant,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// Those who wait for one statement.
pub(super) struct Batch {
    waiters: Vec<Waiter>,
    /// What they ask for, each ticket once.
    pub(super) tickets: Vec<TicketId>,
}

impl Batch {
    /// Takes those who came first, up to so many tickets, and whoever else asks for one of these.
    pub(super) fn take(waiting: &mut VecDeque<Waiter>, most: usize) -> Self {
        let mut batch = Self {
            waiters: Vec::with_capacity(waiting.len()),
            tickets: Vec::with_capacity(waiting.len().min(most)),
        };
        for _ in 0..waiting.len() {
            let Some(waiter) = waiting.pop_front() else {
                break;
            };
            if waiter.answer.is_closed() {
                continue; // gone meanwhile
            }
            if !batch.tickets.contains(&waiter.ticket) {
                if batch.tickets.len() >= most {
                    waiting.push_back(waiter);
                    continue;
                }
                batch.tickets.push(waiter.ticket);
            }
            batch.waiters.push(waiter);
        }
        batch
    }

    /// Tells everyone what they asked for, and hands back the histories that were told.
    pub(super) fn answer(
        self,
        outcome: Result<Vec<(TicketId, Loaded)>, Cause>,
    ) -> Vec<Arc<TicketHistory>> {
        let mut told = Vec::new();
        let (answers, for_others): (HashMap<_, Answer>, Answer) = match outcome {
            Ok(loaded) => (
                loaded
                    .into_iter()
                    .map(|(ticket, loaded)| (ticket, loaded.into()))
                    .collect(),
                Ok(None),
            ),
            Err(cause) => (
                HashMap::new(),
                Err(Unanswered::Failed(SharedCause::new(cause))),
            ),
        };
        for waiter in self.waiters {
            let answer = answers.get(&waiter.ticket).unwrap_or(&for_others).clone();
            // Whoever has stopped waiting needs no answer.
            let _ = waiter.answer.send(answer);
        }
        told.extend(answers.into_values().filter_map(Result::ok).flatten());
        told
    }
}

impl From<Loaded> for Answer {
    fn from(loaded: Loaded) -> Self {
        match loaded {
            Loaded::Whole(history) => Ok(Some(Arc::new(history))),
            Loaded::TooLong => Err(Unanswered::TooLong),
            Loaded::Failed(cause) => Err(Unanswered::Failed(SharedCause::new(cause))),
        }
    }
}
