//! Startup: reads the keys, opens the database, retries while either is unavailable, and opens the listener.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::{net::TcpSocket, time::sleep};
use wts_adapter_db::{Database, DatabaseMetrics, OpenError};
use wts_adapter_http::{KeySourceError, Keyring};
use wts_app::{ErrorChain, HistoryQuery, HistoryRepository, RankSource, UseCases};
use wts_domain::{StudentId, TicketId};

use crate::settings::{
    Settings,
    catalogue::{DATABASE_URL, RECHECK_ACCESS, STARTUP_TIMEOUT},
};

/// The delay before an unavailable database or key server is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);
/// The remedy when ranks cannot be read.
pub(crate) const RANKS_HINT: &str = "in a database that `wts migrate` created, run it again; in an existing WTS v3 database, grant the role what the README lists";
/// The number of connections that can wait to be accepted. The kernel may allow fewer.
const BACKLOG: u32 = 1_024;

/// Reads the keys that verify tokens, and retries while a key server is unavailable.
///
/// # Errors
///
/// Returns an error if the keys cannot be used.
pub(super) async fn keyring(settings: &Settings) -> anyhow::Result<Keyring> {
    retry_until_timeout(settings, "the keys", async || {
        settings.keyring().await.map_err(|cause| Failure {
            is_transient: cause
                .downcast_ref()
                .is_some_and(KeySourceError::is_transient),
            cause,
        })
    })
    .await
}

/// Opens the database, and retries while it is unavailable: both may have been started at the same time.
///
/// # Errors
///
/// Returns an error with a remedy if the database cannot be read.
pub(super) async fn open(
    settings: &Settings,
    metrics: &DatabaseMetrics,
) -> anyhow::Result<Database> {
    let url = settings.require(&DATABASE_URL)?;
    let reading = settings.reading()?;
    retry_until_timeout(settings, "the database", async || {
        Database::open(&url, &reading, metrics)
            .await
            .map_err(|error| Failure {
                is_transient: error.is_transient(),
                cause: with_hint(&error).context(settings.origin(&DATABASE_URL)),
            })
    })
    .await
}

/// A failed attempt, and whether another attempt may succeed.
struct Failure {
    cause: anyhow::Error,
    is_transient: bool,
}

/// Retries until an attempt succeeds, an attempt fails permanently, or the timeout is reached.
async fn retry_until_timeout<T>(
    settings: &Settings,
    what: &str,
    attempt: impl AsyncFn() -> Result<T, Failure>,
) -> anyhow::Result<T> {
    let timeout = settings.require(&STARTUP_TIMEOUT)?;
    let begun = Instant::now();
    let mut is_logged = false;
    loop {
        let failure = match attempt().await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        if !failure.is_transient || begun.elapsed() >= timeout {
            return Err(failure.cause);
        }
        if !is_logged {
            let cause = format!("{:#}", failure.cause);
            tracing::warn!(cause, "waiting for {what}, for {timeout:?} at most");
            is_logged = true;
        }
        sleep(RETRY_INTERVAL).await;
    }
}

/// Creates the use cases with this database.
///
/// # Errors
///
/// Returns an error if the settings require ranks from the database and they cannot be read.
pub(crate) async fn use_cases(
    settings: &Settings,
    database: &Database,
) -> anyhow::Result<UseCases> {
    let histories = database.histories();
    let rank_source = if settings.require(&RECHECK_ACCESS)? {
        ensure_ranks(&*histories)
            .await
            .with_context(|| settings.origin(&RECHECK_ACCESS))?;
        RankSource::TokenAndDatabase
    } else {
        RankSource::Token
    };
    Ok(UseCases::new(histories, rank_source))
}

/// Checks, with a real read, that ranks can be read.
async fn ensure_ranks(histories: &dyn HistoryRepository) -> anyhow::Result<()> {
    if let Some(ticket) = TicketId::new(i64::MAX) {
        let query = HistoryQuery {
            ticket,
            rank_of: Some(StudentId::from("")),
        };
        histories
            .find(&query)
            .await
            .with_context(|| format!("the ranks in the database cannot be read ({RANKS_HINT})"))?;
    }
    Ok(())
}

/// Adds the remedy to an error.
pub(crate) fn with_hint(error: &OpenError) -> anyhow::Error {
    anyhow::anyhow!("{} ({})", ErrorChain(error), hint(error))
}

/// Returns the remedy for a database that cannot be used.
pub(crate) fn hint(error: &OpenError) -> &'static str {
    match error {
        OpenError::NoSuchFile(_) => "to make one, run `wts migrate`",
        OpenError::Unreachable { .. } => "is it running, and are address, user and password right?",
        OpenError::NoAccess(_) => {
            "the service's user has to be able to read the file and to write to it and to its folder, for the log that \
             SQLite keeps there (`-wal`, `-shm`), and there has to be room on the disk"
        }
        OpenError::Unreadable(_) => {
            "to make the tables in a new database run `wts migrate`, in an existing one grant the role what the README \
             lists"
        }
        OpenError::ReplicasUnsupported => "leave WTS_DATABASE_READ_URLS out",
        OpenError::NotOurs => "import into one of our own, which `wts migrate` makes",
        OpenError::Unwritable(_) => {
            "to make the tables in a new database run `wts migrate`; the role has to be the one that did so"
        }
    }
}

/// Listens for clients, with a longer backlog than the standard library's.
///
/// # Errors
///
/// Returns an error if the address is in use or this user has no permission to use it.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // As the standard library does, so that a restart need not wait until the kernel has removed old connections.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
