//! Cancellation of commands by a signal.

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

/// The exit code of a program that SIGINT has ended, as shells report it.
const INTERRUPTED_EXIT_CODE: i32 = 130;
/// The timeout of a cancelled transfer. It is longer than a batch takes, and shorter than service managers wait before
/// they kill a process.
const GRACE_PERIOD: Duration = Duration::from_secs(3);

/// Notes that SIGINT, SIGTERM or SIGHUP has come. A second signal ends the process at once.
#[derive(Clone)]
pub(super) struct CancelOnSignal {
    cancelled: watch::Receiver<bool>,
    /// The unfinished file, which is removed when the process ends early.
    temp_file: Arc<Mutex<Option<PathBuf>>>,
}

impl CancelOnSignal {
    /// Installs the signal handlers, so that a first signal does not end the process.
    ///
    /// # Errors
    ///
    /// Returns an error if a handler cannot be installed.
    pub(super) fn install() -> anyhow::Result<Self> {
        let (sender, cancelled) = watch::channel(false);
        let cancel = Self {
            cancelled,
            temp_file: Arc::default(),
        };
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ] {
            let mut signals = signal(kind).context("cannot listen for signals")?;
            let (sender, cancel) = (sender.clone(), cancel.clone());
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    if sender.send_replace(true) {
                        cancel.exit();
                    }
                }
            });
        }
        Ok(cancel)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Sets the unfinished file.
    pub(super) fn set_temp_file(&self, file: PathBuf) {
        *self
            .temp_file
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(file);
    }

    /// Returns the result of `work`, which may block and leaves nothing behind when it is abandoned. A signal ends the
    /// process.
    pub(super) async fn race<T>(&self, work: impl Future<Output = T>) -> T {
        self.race_within(Duration::ZERO, work).await
    }

    /// Returns the result of `work`, which checks regularly whether it is cancelled. The process ends if `work` does not
    /// end in time, because it waits for a locked database or for input.
    pub(super) async fn race_with_grace_period<T>(&self, work: impl Future<Output = T>) -> T {
        self.race_within(GRACE_PERIOD, work).await
    }

    async fn race_within<T>(&self, grace_period: Duration, work: impl Future<Output = T>) -> T {
        let mut cancelled = self.cancelled.clone();
        let too_late = async move {
            // The senders are dropped with the runtime only.
            if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
                std::future::pending::<()>().await;
            }
            sleep(grace_period).await;
        };
        tokio::select! {
            outcome = work => outcome,
            () = too_late => self.exit(),
        }
    }

    /// Ends the process, which rolls back uncommitted changes.
    #[expect(clippy::print_stderr, reason = "the last output of the command")]
    pub(super) fn exit(&self) -> ! {
        let temp_file = self.temp_file.lock();
        if let Some(file) = &*temp_file.unwrap_or_else(PoisonError::into_inner) {
            let _ = fs::remove_file(file);
        }
        crate::logging::end();
        eprintln!("wts: interrupted");
        process::exit(INTERRUPTED_EXIT_CODE)
    }
}
