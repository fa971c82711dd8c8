//! An in-memory database that returns a batch when the test releases it.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::sync::Semaphore;
use wts_domain::{StaffId, StudentId, TicketHistory, TicketId, Timestamp, Trace, TraceId};

use super::super::{BatchLoader, BatchRequest, BatchResponse, HistoryOutcome, LookupError};
use crate::error::Cause;

/// The maximum number of traces of a history in a shared batch.
pub(super) const MAX_TRACES: usize = 200;

pub(super) fn id(ticket: i64) -> TicketId {
    TicketId::new(ticket).unwrap()
}

/// A loader of shared batches or of long histories. Clones share the same state.
#[derive(Clone)]
pub(super) struct FakeDatabase {
    shared: Arc<Shared>,
    is_long: bool,
}

struct Shared {
    /// The number of traces of each ticket.
    traces: Mutex<HashMap<i64, usize>>,
    corrupt: Mutex<Vec<i64>>,
    next: Mutex<Next>,
    delay: Duration,
    short: Loads,
    long: Loads,
}

struct Loads {
    /// The tickets of each batch, in the order of the queries.
    batches: Mutex<Vec<Vec<i64>>>,
    released: Semaphore,
}

#[derive(Default)]
enum Next {
    #[default]
    Succeeds,
    Fails(&'static str),
    Panics,
}

impl FakeDatabase {
    /// Creates a database with these tickets. Each ticket has one trace, and its issuer is named after the ticket id.
    pub(super) fn with(tickets: impl IntoIterator<Item = i64>) -> Self {
        Self::with_delay(tickets, Duration::ZERO)
    }

    /// Creates a database that takes `delay` for every batch.
    pub(super) fn with_delay(tickets: impl IntoIterator<Item = i64>, delay: Duration) -> Self {
        let loads = || Loads {
            batches: Mutex::default(),
            released: Semaphore::new(0),
        };
        let shared = Shared {
            traces: Mutex::new(tickets.into_iter().map(|ticket| (ticket, 1)).collect()),
            corrupt: Mutex::default(),
            next: Mutex::default(),
            delay,
            short: loads(),
            long: loads(),
        };
        Self {
            shared: Arc::new(shared),
            is_long: false,
        }
    }

    pub(super) fn long_loader(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            is_long: true,
        }
    }

    /// Releases every batch, now and in the future.
    pub(super) fn release_all(self) -> Self {
        self.release(1_000_000);
        self.release_long(1_000_000);
        self
    }

    pub(super) fn release(&self, batches: usize) {
        self.shared.short.released.add_permits(batches);
    }

    pub(super) fn release_long(&self, batches: usize) {
        self.shared.long.released.add_permits(batches);
    }

    pub(super) fn fail_next(&self, cause: &'static str) {
        *self.shared.next.lock().unwrap() = Next::Fails(cause);
    }

    pub(super) fn panic_next(&self) {
        *self.shared.next.lock().unwrap() = Next::Panics;
    }

    pub(super) fn corrupt(&self, ticket: i64) {
        self.shared.corrupt.lock().unwrap().push(ticket);
    }

    /// Adds committed traces to a ticket.
    pub(super) fn add_traces(&self, ticket: i64, number: usize) {
        let mut traces = self.shared.traces.lock().unwrap();
        *traces.get_mut(&ticket).unwrap() += number;
    }

    /// Returns the number of committed traces of a ticket.
    pub(super) fn trace_count(&self, ticket: i64) -> usize {
        self.shared.traces.lock().unwrap()[&ticket]
    }

    pub(super) fn batches(&self) -> Vec<Vec<i64>> {
        self.shared.short.batches.lock().unwrap().clone()
    }

    pub(super) fn long_batches(&self) -> Vec<Vec<i64>> {
        self.shared.long.batches.lock().unwrap().clone()
    }

    fn read(&self, ticket: TicketId) -> Option<(TicketId, HistoryOutcome)> {
        let count = *self.shared.traces.lock().unwrap().get(&ticket.get())?;
        if self.shared.corrupt.lock().unwrap().contains(&ticket.get()) {
            return Some((ticket, Err(LookupError::failed("corrupt history"))));
        }
        if count > MAX_TRACES && !self.is_long {
            return Some((ticket, Err(LookupError::TooLong)));
        }
        let traces = (1..=i64::try_from(count).unwrap())
            .map(|number| {
                let timestamp = Timestamp::from_micros_since_2000(number);
                Trace::new(
                    TraceId::new(number),
                    ticket,
                    timestamp,
                    StaffId::from("W007"),
                )
            })
            .collect();
        let issuer = StudentId::from(ticket.to_string());
        Some((ticket, Ok(Arc::new(TicketHistory::new(issuer, traces)))))
    }
}

impl BatchLoader for FakeDatabase {
    async fn load(&self, request: &BatchRequest) -> Result<BatchResponse, Cause> {
        let loads = if self.is_long {
            &self.shared.long
        } else {
            &self.shared.short
        };
        let tickets = request.tickets.iter().map(|ticket| ticket.get()).collect();
        loads.batches.lock().unwrap().push(tickets);
        // The histories are read before the wait, so a query that joined later would get a stale result.
        let tickets = request.tickets.iter();
        // The student number of a fake student is the name of their rank.
        let ranks = request.students.iter().filter_map(|student| {
            let rank = student.as_str().parse().ok()?;
            Some((student.clone(), rank))
        });
        let response = BatchResponse {
            histories: tickets.filter_map(|ticket| self.read(*ticket)).collect(),
            ranks: ranks.collect(),
        };
        loads.released.acquire().await?.forget();
        if !self.shared.delay.is_zero() {
            tokio::time::sleep(self.shared.delay).await;
        }
        let next = mem::take(&mut *self.shared.next.lock().unwrap());
        match next {
            Next::Succeeds => Ok(response),
            Next::Fails(cause) => Err(cause.into()),
            Next::Panics => panic!("panic requested by the test"),
        }
    }
}
