//! The signals that start the graceful shutdown.

use std::{io, process};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The offset of exit codes: shells report this plus the signal's number for a process that a signal ended.
const ENDED_BY_SIGNAL: i32 = 128;

/// SIGTERM and SIGINT. Without a handler, process 1 of a container ignores them.
pub(crate) struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    /// Installs handlers, so that the signals do not end the process any more.
    ///
    /// # Errors
    ///
    /// Returns an error if a handler cannot be installed.
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.term.recv() => SignalKind::terminate(),
            _ = self.int.recv() => SignalKind::interrupt(),
        }
    }

    /// Lets the next signal end the process at once.
    pub(crate) fn exit_on_next(mut self) {
        tokio::spawn(async move {
            let signal = self.next().await;
            tracing::warn!("received a second signal: requests in flight are aborted");
            crate::logging::end();
            process::exit(ENDED_BY_SIGNAL + signal.as_raw_value());
        });
    }
}
