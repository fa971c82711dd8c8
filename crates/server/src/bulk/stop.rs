//! Commands that are told to stop.

use std::{
    fs,
    path::PathBuf,
    process,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::sleep,
};

/// What the shell calls the end of a program that a signal has ended.
const INTERRUPTED: i32 = 130;
/// How long whoever is told to stop may take to notice. Longer than a batch takes, shorter than whoever stops services
/// waits before they kill.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether a signal has come.
#[derive(Clone)]
pub(super) struct Stop {
    asked: watch::Receiver<bool>,
    unfinished: Unfinished,
}

/// The file that is being written and has to go if it is not finished.
#[derive(Clone, Default)]
struct Unfinished(Arc<Mutex<Option<PathBuf>>>);

impl Stop {
    /// From now on SIGINT, SIGTERM and SIGHUP end what is being done, and do not kill it before it has cleared up. Who
    /// does not want to wait for that sends another.
    ///
    /// # Errors
    ///
    /// If signals cannot be listened for.
    pub(super) fn on_signal() -> anyhow::Result<Self> {
        let (asked, receiver) = watch::channel(false);
        let unfinished = Unfinished::default();
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ] {
            let mut signals = signal(kind).context("cannot listen for signals")?;
            let (asked, unfinished) = (asked.clone(), unfinished.clone());
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    if asked.send_replace(true) {
                        unfinished.abandon();
                    }
                }
            });
        }
        Ok(Self {
            asked: receiver,
            unfinished,
        })
    }

    pub(super) fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// The file that goes with this command, if it is told to stop.
    pub(super) fn removes(&self, file: PathBuf) {
        *self
            .unfinished
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(file);
    }

    /// What comes of something that waits for others and of which nothing is left when it is left off. When a signal
    /// comes, the process ends.
    pub(super) async fn or<T>(&self, work: impl Future<Output = T>) -> T {
        self.within(Duration::ZERO, work).await
    }

    /// What comes of something that looks now and then whether it is to stop. The process ends if it does not, because
    /// it waits for others: a database that is locked, an input that nobody writes to.
    pub(super) async fn or_soon<T>(&self, work: impl Future<Output = T>) -> T {
        self.within(PATIENCE, work).await
    }

    /// Ends the process, as a signal ends one.
    pub(super) fn end(&self) -> ! {
        self.unfinished.abandon()
    }

    async fn within<T>(&self, patience: Duration, work: impl Future<Output = T>) -> T {
        let mut asked = self.asked.clone();
        let out_of_patience = async move {
            // Nobody can ask any more where nobody listens for signals, which does not happen before the end.
            if asked.wait_for(|asked| *asked).await.is_err() {
                std::future::pending::<()>().await;
            }
            sleep(patience).await;
        };
        tokio::select! {
            outcome = work => outcome,
            () = out_of_patience => self.unfinished.abandon(),
        }
    }
}

impl Unfinished {
    /// Ends the process, which takes back whatever was not committed.
    #[expect(clippy::print_stderr, reason = "the last that is heard of it")]
    fn abandon(&self) -> ! {
        if let Some(file) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = fs::remove_file(file);
        }
        crate::logging::end();
        eprintln!("wts: interrupted");
        process::exit(INTERRUPTED)
    }
}
