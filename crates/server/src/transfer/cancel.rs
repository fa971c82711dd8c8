//! Cancellation of the transfer commands by a signal.

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

/// The exit code that shells report for a program that SIGINT ended.
const INTERRUPTED_EXIT_CODE: i32 = 130;
/// The timeout for the end of a cancelled transfer. It is longer than the time for one batch, and shorter than the time
/// after which service managers kill a process.
const GRACE_PERIOD: Duration = Duration::from_secs(3);

/// The cancellation of a command by SIGINT, SIGTERM or SIGHUP. A second signal ends the process at once.
#[derive(Clone)]
pub(super) struct CancelOnSignal {
    cancelled: watch::Receiver<bool>,
    /// The incomplete output file, which is removed if the process ends early.
    temp_file: Arc<Mutex<Option<PathBuf>>>,
}

impl CancelOnSignal {
    /// Installs the signal handlers, after which a first signal does not end the process.
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

    /// Sets the path of the incomplete output file.
    pub(super) fn set_temp_file(&self, file: PathBuf) {
        *self
            .temp_file
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(file);
    }

    /// Returns the result of `work`. If a signal arrives first, the process ends. `work` may block, and must leave
    /// nothing behind if it is abandoned.
    pub(super) async fn race<T>(&self, work: impl Future<Output = T>) -> T {
        self.race_within(Duration::ZERO, work).await
    }

    /// Returns the result of `work`, which must check regularly whether it is cancelled. If `work` still waits, for example
    /// for a lock or for input, when the grace period after a signal has passed, the process exits.
    pub(super) async fn race_with_grace_period<T>(&self, work: impl Future<Output = T>) -> T {
        self.race_within(GRACE_PERIOD, work).await
    }

    async fn race_within<T>(&self, grace_period: Duration, work: impl Future<Output = T>) -> T {
        let mut cancelled = self.cancelled.clone();
        let too_late = async move {
            // The senders are dropped together with the runtime only.
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

    /// Ends the process. The database rolls back uncommitted changes.
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
