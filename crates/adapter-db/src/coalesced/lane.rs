//! A queue, and the one batch that is on its way.

use std::{
    collections::VecDeque,
    mem,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::oneshot, task::yield_now, time::sleep};
use wts_domain::{StudentId, TicketHistory, TicketId};

use super::{
    Answer, Loader, SharedCause, Unanswered,
    batch::{Batch, Waiter},
};

/// How often those who wait are looked at.
const TICK: Duration = Duration::from_millis(20);

/// What a lane takes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// How many tickets one batch may be about.
    pub(crate) batch: usize,
    /// How many may wait.
    pub(crate) queue: usize,
    /// How long one may wait before the batch is sent.
    pub(crate) patience: Duration,
    /// When a batch is overdue: the database has failed those who wait for it in vain, and is not merely busy. For as long
    /// a batch that failed counts against the database.
    pub(crate) overdue: Duration,
    /// How many traces of histories may still be in use, by slow clients say, when the next is read; `None` for any number.
    pub(crate) in_use: Option<usize>,
}

pub(super) struct Lane<L> {
    loader: L,
    bounds: Bounds,
    /// Where its batches are read, if not where the first who asks is.
    runtime: Option<Handle>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiter>,
    /// Whether somebody sends batches. Who finds that nobody does has to see to it.
    driven: bool,
    /// When the batch that is on its way was sent.
    sent: Option<Instant>,
    /// When the last batch came back, if it failed.
    failed: Option<Instant>,
    /// Histories that were read, where their number is bounded.
    in_use: Vec<Weak<TicketHistory>>,
}

impl<L: Loader> Lane<L> {
    pub(super) fn new(loader: L, bounds: Bounds) -> Self {
        Self {
            loader,
            bounds,
            runtime: None,
            state: Mutex::default(),
        }
    }

    /// The same, read on this runtime: whoever asks first may be gone, and all their thread's work done, before others who
    /// wait are answered; and a long history would keep that thread from its other work.
    pub(super) fn apart(mut self, runtime: Option<Handle>) -> Self {
        self.runtime = runtime;
        self
    }

    pub(super) async fn find(
        self: &Arc<Self>,
        ticket: TicketId,
        student: Option<&StudentId>,
    ) -> Answer {
        let (answer, answered) = oneshot::channel();
        let waiter = Waiter {
            ticket,
            student: student.cloned(),
            since: Instant::now(),
            answer,
        };
        if self.queue(waiter)? {
            // In a task of its own: should whoever asked first go away, the others still get their answers.
            let driver = Driver::new(self).run();
            match &self.runtime {
                Some(runtime) => runtime.spawn(driver),
                None => tokio::spawn(driver),
            };
        }
        answered.await.unwrap_or_else(|_dropped| {
            Err(Unanswered::Failed(SharedCause::new(
                "the read was abandoned".into(),
            )))
        })
    }

    #[cfg(test)]
    pub(super) fn is_waited_for(&self) -> bool {
        !self.state().waiting.is_empty()
    }

    /// Lets one more wait. Says whether nobody sends batches yet.
    fn queue(&self, waiter: Waiter) -> Result<bool, Unanswered> {
        let mut state = self.state();
        if state.waiting.len() >= self.bounds.queue {
            state.waiting.retain(|waiter| !waiter.answer.is_closed());
            if state.waiting.len() >= self.bounds.queue {
                return Err(state.in_vain(self.bounds));
            }
        }
        state.waiting.push_back(waiter);
        Ok(!mem::replace(&mut state.driven, true))
    }

    /// The next batch, if there is anybody to send it for. Otherwise nobody sends batches from now on.
    fn next_batch(&self) -> Option<Batch> {
        let mut state = self.state();
        let batch = Batch::take(&mut state.waiting, self.bounds.batch);
        state.driven = !batch.asked.tickets.is_empty();
        state.sent = state.driven.then(Instant::now);
        state.driven.then_some(batch)
    }

    /// Waits for `work`, and meanwhile turns away who has waited too long.
    async fn while_others_wait<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                outcome = &mut work => return outcome,
                () = sleep(TICK) => self.state().turn_away(self.bounds),
            }
        }
    }

    /// Waits until few enough of the histories that were read are still in use.
    async fn room(&self) {
        while self.bounds.in_use.is_some_and(|most| {
            let mut state = self.state();
            state.in_use.retain(|history| history.strong_count() > 0);
            let traces = state.in_use.iter().filter_map(Weak::upgrade);
            traces.map(|history| history.traces.len()).sum::<usize>() >= most
        }) {
            sleep(TICK).await;
        }
    }

    fn take_note(&self, failed: bool) {
        let mut state = self.state();
        state.failed = failed.then(Instant::now);
        state.sent = None;
    }

    fn remember(&self, histories: &[Arc<TicketHistory>]) {
        if self.bounds.in_use.is_some() {
            let in_use = histories.iter().map(Arc::downgrade);
            self.state().in_use.extend(in_use);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock leaves it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn turn_away(&mut self, bounds: Bounds) {
        // They stand in the order in which they came.
        while self
            .waiting
            .front()
            .is_some_and(|waiter| waiter.since.elapsed() >= bounds.patience)
        {
            let in_vain = self.in_vain(bounds);
            if let Some(waiter) = self.waiting.pop_front() {
                let _ = waiter.answer.send(Err(in_vain));
            }
        }
    }

    /// What one is told who cannot wait, or not any longer.
    fn in_vain(&self, bounds: Bounds) -> Unanswered {
        let overdue = |since: Instant| since.elapsed() >= bounds.overdue;
        let failed = if self.sent.is_some_and(overdue) {
            "those who asked before are still not answered"
        } else if self.failed.is_some_and(|failed| !overdue(failed)) {
            "those who asked before were not answered"
        } else {
            return Unanswered::Busy;
        };
        Unanswered::Failed(SharedCause::new(failed.into()))
    }
}

/// Sends batch after batch, until nobody waits.
struct Driver<L: Loader> {
    lane: Arc<Lane<L>>,
    done: bool,
}

impl<L: Loader> Driver<L> {
    fn new(lane: &Arc<Lane<L>>) -> Self {
        Self {
            lane: Arc::clone(lane),
            done: false,
        }
    }

    async fn run(mut self) {
        let lane = &self.lane;
        loop {
            // Whoever is about to ask, because their request is there to be read, shall be in the batch.
            yield_now().await;
            lane.while_others_wait(lane.room()).await;
            let Some(batch) = lane.next_batch() else {
                break;
            };
            let load = lane.loader.load(&batch.asked);
            let outcome = lane.while_others_wait(load).await;
            lane.take_note(outcome.is_err());
            lane.remember(&batch.answer(outcome));
        }
        self.done = true;
    }
}

impl<L: Loader> Drop for Driver<L> {
    /// Where the loader panicked, or the runtime ended, those who wait are told so, and whoever comes next begins anew.
    fn drop(&mut self) {
        if !self.done {
            let mut state = self.lane.state();
            state.driven = false;
            state.sent = None;
            state.waiting.clear();
        }
    }
}
