//! Looks after a database: asks it every so often whether it answers.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{error::Cause, metrics::NodeMetrics};

/// How long a database that answered before may take to answer once more.
const PATIENCE: Duration = Duration::from_secs(1);
/// The same for one that did not. Less, since what hangs now will do so when the database is back.
const NO_PATIENCE: Duration = Duration::from_millis(400);
/// How soon one that does not answer is asked again.
const SOON: Duration = Duration::from_millis(100);

/// What a database is asked.
pub(crate) trait Probe: Send + 'static {
    /// Reads what proves that histories can be read.
    ///
    /// # Errors
    ///
    /// Why it could not, on a connection that was made for it.
    fn probe(&mut self) -> impl Future<Output = Result<(), Cause>> + Send;

    /// Takes note that it could not, or not in time.
    fn failed(&mut self) {}
}

/// What is known of a database, for everyone who reads it.
#[derive(Debug, Clone)]
pub(crate) struct Pulse {
    readable: watch::Sender<bool>,
    returns: watch::Sender<u64>,
    suspected: Arc<Notify>,
}

impl Pulse {
    /// Of a database that answered just now.
    pub(crate) fn new() -> Self {
        Self {
            readable: watch::Sender::new(true),
            returns: watch::Sender::new(0),
            suspected: Arc::default(),
        }
    }

    /// Whether histories can be read.
    pub(crate) fn readable(&self) -> watch::Receiver<bool> {
        self.readable.subscribe()
    }

    /// Resolves when the database, which had stopped to answer, answers again.
    pub(crate) async fn returned(&self) {
        let mut returns = self.returns.subscribe();
        // It cannot fail: we hold the sender ourselves.
        let _ = returns.changed().await;
    }

    /// Has the database asked at once.
    pub(crate) fn suspect(&self) {
        self.suspected.notify_one();
    }

    fn beats(&self, readable: bool) {
        let before = self.readable.send_replace(readable);
        if readable && !before {
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

/// Asks a database again and again, and tells `pulse`.
pub(crate) async fn watch(
    name: String,
    mut probe: impl Probe,
    pulse: Pulse,
    interval: Duration,
    metrics: NodeMetrics,
) {
    let mut up = true;
    metrics.is_up(up);
    loop {
        let (patience, pause) = if up {
            (PATIENCE, interval)
        } else {
            (NO_PATIENCE, SOON)
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = pulse.suspected.notified() => {}
        }
        let outcome = timeout(patience, probe.probe()).await;
        let cause = match outcome {
            Ok(Ok(())) => None,
            Ok(Err(cause)) => Some(told(&*cause)),
            Err(_elapsed) => Some(format!("no answer within {patience:?}")),
        };
        match &cause {
            Some(cause) if up => {
                tracing::error!(database.name = name, cause, "the database cannot be read");
            }
            None if !up => tracing::info!(database.name = name, "the database can be read again"),
            _ => {}
        }
        up = cause.is_none();
        if !up {
            probe.failed();
        }
        metrics.is_up(up);
        pulse.beats(up);
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
