//! The start: keys and a database, retried while they are not there yet, and a listener.

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

/// How soon a database or a key server that was not there is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);
/// The remedy if ranks cannot be read.
pub(crate) const RANKS_HINT: &str = "in a database of ours run `wts migrate`, in an existing one grant the role what the README lists";
/// How many connections may wait to be accepted. The kernel may allow fewer.
const BACKLOG: u32 = 1_024;

/// Reads the keys that tokens are checked with, and retries while a key server is not there yet.
///
/// # Errors
///
/// If the keys cannot be used.
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

/// Opens the database, and retries while it is not there yet, because both were started at once.
///
/// # Errors
///
/// If it cannot be read, with what to do about that.
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

/// A failed attempt, and whether another may succeed.
struct Failure {
    cause: anyhow::Error,
    is_transient: bool,
}

/// Tries until that succeeds, fails permanently, or has taken too long.
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

/// Wires the use cases over this database.
///
/// # Errors
///
/// If ranks are to be read from it, and cannot be.
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

/// Proves, with a real read, that ranks can be read.
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

/// Adds what an administrator can do about an error.
pub(crate) fn with_hint(error: &OpenError) -> anyhow::Error {
    anyhow::anyhow!("{} ({})", ErrorChain(error), hint(error))
}

/// Returns what to do about a database that cannot be served from.
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
/// If the address is in use or not this user's to use.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // As the standard library does: a restart need not wait until the kernel forgets old connections.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
