//! A store in memory that answers when the test lets it.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::sync::Semaphore;
use wts_domain::{StaffId, StudentId, TicketHistory, TicketId, Timestamp, Trace, TraceId};

use super::super::{Asked, Loaded, Loader, Read};
use crate::error::Cause;

/// A history of more steps is too long.
pub(super) const LONG: usize = 200;

pub(super) fn id(ticket: i64) -> TicketId {
    TicketId::new(ticket).unwrap()
}

/// Two lanes over the same tickets; clones share everything.
#[derive(Clone)]
pub(super) struct Store {
    inside: Arc<Inside>,
    for_long: bool,
}

#[derive(Default)]
struct Lane {
    /// The tickets of each batch, in the order in which they were asked for.
    batches: Mutex<Vec<Vec<i64>>>,
}

struct Inside {
    steps: Mutex<HashMap<i64, usize>>,
    spoilt: Mutex<Vec<i64>>,
    next: Mutex<Next>,
    delay: Mutex<Duration>,
    short: Lane,
    long: Lane,
    let_through: Semaphore,
    let_long_through: Semaphore,
}

#[derive(Default)]
enum Next {
    #[default]
    Answers,
    Fails(&'static str),
    Panics,
}

impl Store {
    /// Tickets of one step each, whose issuer is called like the ticket.
    pub(super) fn with(tickets: impl IntoIterator<Item = i64>) -> Self {
        let inside = Inside {
            steps: Mutex::new(tickets.into_iter().map(|ticket| (ticket, 1)).collect()),
            spoilt: Mutex::default(),
            next: Mutex::default(),
            delay: Mutex::default(),
            short: Lane::default(),
            long: Lane::default(),
            let_through: Semaphore::new(0),
            let_long_through: Semaphore::new(0),
        };
        Self {
            inside: Arc::new(inside),
            for_long: false,
        }
    }

    pub(super) fn long_lane(&self) -> Self {
        Self {
            inside: Arc::clone(&self.inside),
            for_long: true,
        }
    }

    /// Lets every batch through from now on.
    pub(super) fn open(self) -> Self {
        self.let_through(1_000_000);
        self.let_long_ones_through(1_000_000);
        self
    }

    /// Takes so long over every batch.
    pub(super) fn slow(self, delay: Duration) -> Self {
        *self.inside.delay.lock().unwrap() = delay;
        self
    }

    pub(super) fn let_through(&self, batches: usize) {
        self.inside.let_through.add_permits(batches);
    }

    pub(super) fn let_long_ones_through(&self, batches: usize) {
        self.inside.let_long_through.add_permits(batches);
    }

    pub(super) fn fail_next(&self, cause: &'static str) {
        *self.inside.next.lock().unwrap() = Next::Fails(cause);
    }

    pub(super) fn panic_next(&self) {
        *self.inside.next.lock().unwrap() = Next::Panics;
    }

    pub(super) fn spoil(&self, ticket: i64) {
        self.inside.spoilt.lock().unwrap().push(ticket);
    }

    /// Commits one more step of a ticket.
    pub(super) fn step(&self, ticket: i64) {
        *self.inside.steps.lock().unwrap().get_mut(&ticket).unwrap() += 1;
    }

    /// How many steps of a ticket are committed.
    pub(super) fn steps(&self, ticket: i64) -> usize {
        self.inside.steps.lock().unwrap()[&ticket]
    }

    pub(super) fn batches(&self) -> Vec<Vec<i64>> {
        self.inside.short.batches.lock().unwrap().clone()
    }

    pub(super) fn long_batches(&self) -> Vec<Vec<i64>> {
        self.inside.long.batches.lock().unwrap().clone()
    }

    fn read(&self, ticket: TicketId) -> Option<(TicketId, Loaded)> {
        let steps = *self.inside.steps.lock().unwrap().get(&ticket.get())?;
        if self.inside.spoilt.lock().unwrap().contains(&ticket.get()) {
            return Some((ticket, Loaded::Failed("it is spoilt".into())));
        }
        if steps > LONG && !self.for_long {
            return Some((ticket, Loaded::TooLong));
        }
        let traces = (1..=i64::try_from(steps).unwrap())
            .map(|step| {
                let moment = Timestamp::from_micros_since_2000(step);
                Trace::new(TraceId::new(step), ticket, moment, StaffId::from("W007"))
            })
            .collect();
        let issuer = StudentId::from(ticket.to_string());
        Some((ticket, Loaded::Whole(TicketHistory::new(issuer, traces))))
    }
}

impl Loader for Store {
    async fn load(&self, asked: &Asked) -> Result<Read, Cause> {
        let (lane, gate) = if self.for_long {
            (&self.inside.long, &self.inside.let_long_through)
        } else {
            (&self.inside.short, &self.inside.let_through)
        };
        let tickets = asked.tickets.iter().map(|ticket| ticket.get()).collect();
        lane.batches.lock().unwrap().push(tickets);
        // What is read is as of the beginning: nobody may join who comes later.
        let histories = asked.tickets.iter();
        let answer = Read {
            histories: histories
                .filter_map(|ticket| self.read(*ticket))
                .rev()
                .collect(),
            // Students are called like ranks.
            ranks: asked
                .students
                .iter()
                .filter_map(|student| Some((student.clone(), student.as_str().parse().ok()?)))
                .rev()
                .collect(),
        };
        gate.acquire().await?.forget();
        let delay = *self.inside.delay.lock().unwrap();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let next = mem::take(&mut *self.inside.next.lock().unwrap());
        match next {
            Next::Answers => Ok(answer),
            Next::Fails(cause) => Err(cause.into()),
            Next::Panics => panic!("as the test wanted"),
        }
    }
}
