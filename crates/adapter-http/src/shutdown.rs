//! Running a server until graceful shutdown.

use std::{io, time::Duration};

use actix_web::dev::Server;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{health::Health, metrics::HttpMetrics};

/// When nothing has been in flight for this long, no request is on its way any more.
const DRAIN_QUIET_PERIOD: Duration = Duration::from_millis(100);
const DRAIN_POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A server that accepts connections.
pub struct RunningServer {
    pub(crate) server: Server,
    pub(crate) metrics: HttpMetrics,
    pub(crate) health: Health,
    pub(crate) delay: Duration,
    pub(crate) timeout: Duration,
}

/// The outcome of a shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShutdownReport {
    /// How many requests, at least, did not get their whole response.
    pub aborted_requests: usize,
}

impl RunningServer {
    /// Serves until `stop` resolves, and then until every request that was sent before has its response, for at most the
    /// shutdown timeout.
    ///
    /// The HTTP server's own graceful shutdown would lose requests that have arrived and not been read, on connections that
    /// were accepted or idle. So readiness goes first and every response closes its connection, while requests are still
    /// accepted; then no connection is accepted any more; and once no request has come for a while, all are closed.
    ///
    /// # Errors
    ///
    /// Returns an error if the server fails.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> io::Result<ShutdownReport> {
        let handle = self.server.handle();
        let mut server: JoinHandle<_> = tokio::spawn(self.server);
        tokio::select! {
            ended = &mut server => {
                ended.map_err(io::Error::other)??;
                return Ok(ShutdownReport { aborted_requests: 0 });
            }
            () = stop => {}
        }
        self.health.set_stopping();
        sleep(self.delay).await;
        handle.pause().await;
        let unfinished = || self.metrics.unfinished_requests();
        let graceful = timeout(self.timeout, async {
            wait_until_drained(unfinished).await;
            handle.stop(true).await;
        });
        if graceful.await.is_ok() {
            return Ok(ShutdownReport {
                aborted_requests: 0,
            });
        }
        let aborted_requests = usize::try_from(unfinished()).unwrap_or(0);
        // The requests that are left are not awaited.
        drop(handle.stop(false));
        Ok(ShutdownReport { aborted_requests })
    }
}

/// Waits until nothing has been unfinished for a while.
async fn wait_until_drained(unfinished: impl Fn() -> i64) {
    let mut since = Instant::now();
    while since.elapsed() < DRAIN_QUIET_PERIOD {
        if unfinished() > 0 {
            since = Instant::now();
        }
        sleep(DRAIN_POLL_INTERVAL).await;
    }
}
