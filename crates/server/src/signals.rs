//! The signals that start a graceful shutdown.

use std::{io, process};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The offset of exit codes. For a process that a signal ended, shells report this number plus the number of the
/// signal.
const ENDED_BY_SIGNAL: i32 = 128;

/// The handlers of SIGTERM and SIGINT. They are also needed because process 1 of a container ignores signals that have
/// no handler.
pub(crate) struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    /// Installs the handlers, after which the signals no longer end the process.
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

    /// Makes the next signal end the process at once.
    pub(crate) fn exit_on_next(mut self) {
        tokio::spawn(async move {
            let signal = self.next().await;
            tracing::warn!("received a second signal: requests in flight are aborted");
            crate::logging::end();
            process::exit(ENDED_BY_SIGNAL + signal.as_raw_value());
        });
    }
}
