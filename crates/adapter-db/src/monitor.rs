//! Looks after a database: asks it every so often whether it answers.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::{error::Cause, metrics::NodeMetrics};

/// How soon a database that has not answered yet is asked once more, beside: what hangs now may hang on when it is back.
const BESIDE: Duration = Duration::from_millis(500);
/// How many such questions there are at once. One that takes long may just come from far away, and is not given up.
const QUESTIONS: usize = 3;
/// How soon a database is asked again that has failed to answer.
const SOON: Duration = Duration::from_millis(100);

/// What a database is asked.
pub(crate) trait Probe: Send + Sync + 'static {
    /// Reads what proves that histories can be read. Others may be asking at the same time. It gives up by itself in the
    /// end.
    ///
    /// # Errors
    ///
    /// Why it could not, on a connection that was made for it.
    fn probe(&self) -> impl Future<Output = Result<(), Cause>> + Send;

    /// Takes note that it could not.
    fn failed(&self) {}
}

/// What is known of a database, for everyone who reads it.
#[derive(Debug, Clone)]
pub(crate) struct Pulse {
    readable: watch::Sender<bool>,
    returns: watch::Sender<u64>,
    suspected: Arc<Notify>,
    reads: Arc<AtomicU64>,
    read: Arc<Notify>,
    heard: Arc<AtomicU64>,
}

impl Pulse {
    /// Of a database that answered just now.
    pub(crate) fn new() -> Self {
        Self {
            readable: watch::Sender::new(true),
            returns: watch::Sender::new(0),
            suspected: Arc::default(),
            reads: Arc::default(),
            read: Arc::default(),
            heard: Arc::default(),
        }
    }

    /// Whether histories can be read.
    pub(crate) fn readable(&self) -> watch::Receiver<bool> {
        self.readable.subscribe()
    }

    /// Resolves when the database, which had stopped to answer, answers again: what was asked before may hang for ever.
    pub(crate) async fn returned(&self) {
        let mut returns = self.returns.subscribe();
        // It cannot fail: we hold the sender ourselves.
        let _ = returns.changed().await;
    }

    /// Has the database asked at once.
    pub(crate) fn suspect(&self) {
        self.suspected.notify_one();
    }

    /// Takes note that somebody has read all that they had asked for.
    pub(crate) fn has_read(&self) {
        self.reads.fetch_add(1, Relaxed);
        self.has_heard();
        if !*self.readable.borrow() {
            self.read.notify_one();
        }
    }

    /// Takes note that somebody has heard something, a part of an answer.
    pub(crate) fn has_heard(&self) {
        self.heard.fetch_add(1, Relaxed);
    }

    /// Changes whenever somebody has heard something.
    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Relaxed)
    }

    /// Takes note of whether it can be read, and of whether what was asked before this was known hangs.
    fn beats(&self, readable: bool, others_hang: bool) {
        let before = self.readable.send_replace(readable);
        if readable && (!before || others_hang) {
            self.returns.send_modify(|returns| *returns += 1);
        }
    }
}

/// Something that goes on until it is dropped.
pub(crate) struct Background(JoinHandle<()>);

impl Background {
    pub(crate) fn run(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Asks a database again and again, and tells `pulse`. Where others have read from it since it was asked, it can be read,
/// whatever became of the question.
pub(crate) async fn watch(
    name: String,
    probe: impl Probe,
    pulse: Pulse,
    interval: Duration,
    metrics: NodeMetrics,
) {
    let mut up = true;
    let mut reads_before = 0;
    metrics.set_up(up);
    let mut questions = FuturesUnordered::new();
    // When those were asked that have no answer yet.
    let mut asked = BTreeSet::new();
    let mut next = Instant::now() + interval;
    loop {
        let (cause, others_hang) = tokio::select! {
            () = sleep_until(next), if questions.len() < QUESTIONS => {
                let (now, reads, probe) = (Instant::now(), pulse.reads.load(Relaxed), &probe);
                questions.push(async move { (now, reads, probe.probe().await) });
                asked.insert(now);
                next = now + BESIDE;
                continue;
            }
            () = pulse.suspected.notified(), if up && questions.is_empty() => {
                next = Instant::now();
                continue;
            }
            () = pulse.read.notified(), if !up => {
                if pulse.reads.load(Relaxed) == reads_before {
                    continue; // that was before
                }
                (None, false)
            }
            Some((then, reads, outcome)) = questions.next() => {
                asked.remove(&then);
                match outcome {
                    Err(_) if pulse.reads.load(Relaxed) != reads => continue,
                    // Whoever asked later was answered sooner.
                    outcome => (outcome.err(), asked.first().is_some_and(|first| *first < then)),
                }
            }
        };
        if let Some(cause) = cause {
            if up {
                let cause = told(&*cause);
                tracing::error!(database.name = name, cause, "the database cannot be read");
            }
            up = false;
            reads_before = pulse.reads.load(Relaxed);
            probe.failed();
            next = next.min(Instant::now() + SOON);
        } else {
            if !up {
                tracing::info!(database.name = name, "the database can be read again");
            }
            up = true;
            questions.clear();
            asked.clear();
            next = Instant::now() + interval;
        }
        metrics.set_up(up);
        pulse.beats(up, others_hang);
    }
}

/// An error and all that led to it, in one line.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
