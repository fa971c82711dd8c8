//! A server's life, and its end.

use std::{io, sync::Arc, time::Duration};

use actix_web::dev::Server;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{connection::Places, gate::Gate, health::Health, settings::HttpSettings};

/// When nothing has been in flight for so long, nothing is on its way either.
const QUIET: Duration = Duration::from_millis(100);
const TICK: Duration = Duration::from_millis(5);

/// A server that serves.
pub struct Service {
    server: Server,
    gate: Arc<Gate>,
    places: Places,
    health: Health,
    delay: Duration,
    timeout: Duration,
}

/// How a service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// How many requests, at least, were not answered to the end.
    pub cut_off: usize,
}

impl Service {
    pub(crate) fn new(
        server: Server,
        (gate, places): (Arc<Gate>, Places),
        health: Health,
        settings: &HttpSettings,
    ) -> Self {
        Self {
            server,
            gate,
            places,
            health,
            delay: settings.shutdown_delay,
            timeout: settings.shutdown_timeout,
        }
    }

    /// Serves until `stop` resolves, and then until every request that was sent before is answered, if that does not
    /// take too long.
    ///
    /// The server's own way to end would lose some: those that have arrived and not been read, on connections that
    /// were accepted or were idle. So first readiness goes and every answer closes its connection, while requests are
    /// still taken; then no connection is accepted any more; and when nothing has come for a while, all are closed.
    ///
    /// # Errors
    ///
    /// If the server fails.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> io::Result<Ended> {
        let handle = self.server.handle();
        let mut server: JoinHandle<_> = tokio::spawn(self.server);
        tokio::select! {
            ended = &mut server => return ended.map_err(io::Error::other)?.map(|()| Ended { cut_off: 0 }),
            () = stop => {}
        }
        self.health.set_stopping();
        sleep(self.delay).await;
        handle.pause().await;
        // The last of an answer is on no request's account any more, but on its connection's.
        let unanswered = || {
            let in_flight = self.gate.admissions.in_flight();
            in_flight.max(self.places.with_unsent())
        };
        let ended = timeout(self.timeout, async {
            until_quiet(unanswered).await;
            handle.stop(true).await;
        });
        if ended.await.is_ok() {
            return Ok(Ended { cut_off: 0 });
        }
        let cut_off = unanswered();
        // Nobody waits for those who are left.
        drop(handle.stop(false));
        Ok(Ended { cut_off })
    }
}

/// Waits until nothing has been unanswered for a while.
async fn until_quiet(unanswered: impl Fn() -> usize) {
    let mut since = Instant::now();
    while since.elapsed() < QUIET {
        if unanswered() > 0 {
            since = Instant::now();
        }
        sleep(TICK).await;
    }
}
