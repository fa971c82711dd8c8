//! The graceful shutdown of a running server.

use std::{io, time::Duration};

use actix_web::dev::Server;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{health::Health, metrics::HttpMetrics};

/// The quiet period: when no request has been in flight for this time, the server is drained.
const DRAIN_QUIET_PERIOD: Duration = Duration::from_millis(100);
const DRAIN_POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A running server, which accepts connections.
pub struct RunningServer {
    pub(crate) server: Server,
    pub(crate) metrics: HttpMetrics,
    pub(crate) health: Health,
    pub(crate) delay: Duration,
    pub(crate) timeout: Duration,
}

/// The result of a shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShutdownReport {
    /// A lower bound of the number of requests that did not get their complete response.
    pub aborted_requests: usize,
}

impl RunningServer {
    /// Serves until `stop` resolves, and then shuts down gracefully: requests that were sent before get their response,
    /// unless the shutdown timeout is exceeded.
    ///
    /// The graceful shutdown of actix alone would lose requests that have arrived but have not been read. Therefore the
    /// shutdown has three steps:
    ///
    /// 1. The readiness check fails, and every response closes its connection. Requests are still accepted.
    /// 2. New connections are no longer accepted.
    /// 3. When no request has been in flight for a quiet period, all connections are closed.
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
        // The future of the stop is dropped, because remaining requests are not awaited.
        drop(handle.stop(false));
        Ok(ShutdownReport { aborted_requests })
    }
}

/// Waits until there has been no unfinished request for the quiet period.
async fn wait_until_drained(unfinished: impl Fn() -> i64) {
    let mut since = Instant::now();
    while since.elapsed() < DRAIN_QUIET_PERIOD {
        if unfinished() > 0 {
            since = Instant::now();
        }
        sleep(DRAIN_POLL_INTERVAL).await;
    }
}
