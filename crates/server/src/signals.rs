//! How the process is told to stop.

use std::{io, process};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a shell adds to a signal's number when it says how a process ended.
const ENDED_BY_SIGNAL: i32 = 128;

/// The signals that stop the service. As process 1 of a container it would otherwise not notice them.
pub(crate) struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    /// From now on these signals do not end the process by themselves.
    ///
    /// # Errors
    ///
    /// If the system does not let us.
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
    pub(crate) fn end_at_the_next(mut self) {
        tokio::spawn(async move {
            let signal = self.next().await;
            tracing::warn!("told to stop once more: what is in flight is cut off");
            crate::logging::end();
            process::exit(ENDED_BY_SIGNAL + signal.as_raw_value());
        });
    }
}
