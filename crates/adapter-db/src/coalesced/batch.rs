//! Those who are answered together.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use tokio::sync::oneshot;
use wts_domain::{Access, StudentId, TicketHistory, TicketId};

use super::{Answer, Asked, Loaded, Read, SharedCause, Unanswered};
use crate::error::Cause;

/// Somebody who has asked.
pub(super) struct Waiter {
    pub(super) ticket: TicketId,
    /// Whose rank is wanted, if anybody's is.
    pub(super) student: Option<StudentId>,
    pub(super) since: Instant,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// Those who wait for one statement.
pub(super) struct Batch {
    waiters: Vec<Waiter>,
    /// What they ask for.
    pub(super) asked: Asked,
}

impl Batch {
    /// Takes those who came first, up to so many tickets, and whoever else asks for one of these.
    pub(super) fn take(waiting: &mut VecDeque<Waiter>, most: usize) -> Self {
        let mut batch = Self {
            waiters: Vec::with_capacity(waiting.len()),
            asked: Asked {
                tickets: Vec::with_capacity(waiting.len().min(most)),
                students: Vec::new(),
            },
        };
        let Asked { tickets, students } = &mut batch.asked;
        for _ in 0..waiting.len() {
            let Some(waiter) = waiting.pop_front() else {
                break;
            };
            if waiter.answer.is_closed() {
                continue; // gone meanwhile
            }
            if !tickets.contains(&waiter.ticket) {
                if tickets.len() >= most {
                    waiting.push_back(waiter);
                    continue;
                }
                tickets.push(waiter.ticket);
            }
            if let Some(student) = &waiter.student
                && !students.contains(student)
            {
                students.push(student.clone());
            }
            batch.waiters.push(waiter);
        }
        batch
    }

    /// Tells everyone what they asked for, and hands back the histories that were told.
    pub(super) fn answer(self, outcome: Result<Read, Cause>) -> Vec<Arc<TicketHistory>> {
        let mut told = Vec::new();
        let (answers, ranks, for_others): (HashMap<_, History>, _, History) = match outcome {
            Ok(read) => (
                read.histories
                    .into_iter()
                    .map(|(ticket, loaded)| (ticket, loaded.into()))
                    .collect(),
                read.ranks,
                Ok(None),
            ),
            Err(cause) => (
                HashMap::new(),
                Vec::new(),
                Err(Unanswered::Failed(SharedCause::new(cause))),
            ),
        };
        for waiter in self.waiters {
            let history = answers.get(&waiter.ticket).unwrap_or(&for_others).clone();
            let answer = history.map(|history| (history, rank_of(waiter.student.as_ref(), &ranks)));
            // Whoever has stopped waiting needs no answer.
            let _ = waiter.answer.send(answer);
        }
        told.extend(answers.into_values().filter_map(Result::ok).flatten());
        told
    }
}

/// What becomes of one ticket.
type History = Result<Option<Arc<TicketHistory>>, Unanswered>;

/// Who was not found is nobody.
fn rank_of(student: Option<&StudentId>, ranks: &[(StudentId, Access)]) -> Access {
    student
        .and_then(|student| ranks.iter().find(|(known, _)| known == student))
        .map_or(Access::Unregistered, |(_, rank)| *rank)
}

impl From<Loaded> for History {
    fn from(loaded: Loaded) -> Self {
        match loaded {
            Loaded::Whole(history) => Ok(Some(Arc::new(history))),
            Loaded::TooLong => Err(Unanswered::TooLong),
            Loaded::Failed(cause) => Err(Unanswered::Failed(SharedCause::new(cause))),
        }
    }
}
