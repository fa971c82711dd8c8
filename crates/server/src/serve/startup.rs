//! Startup of the service: loads the keys, opens the database and the listener, and retries while a server is
//! unavailable.

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

/// The delay between attempts to reach an unavailable database or key server.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);
/// The remedy for ranks that cannot be read.
pub(crate) const RANKS_HINT: &str = "in a database that `wts migrate` created, run it again; in an existing WTS v3 database, grant the role the privileges that OPERATIONS.md lists";
/// The remedy for a connection pooler in an unsupported mode.
pub(crate) const POOLER_HINT: &str = "PgBouncer: set pool_mode = session for this database and user; SETTINGS.md has a section about poolers";
/// The maximum number of connections that wait to be accepted. The kernel may use a lower maximum.
const BACKLOG: u32 = 1_024;

/// Loads the keys for token verification. Retries while a key server is unavailable.
///
/// # Errors
///
/// Returns an error if a key source cannot be read or contains an invalid key.
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

/// Opens the database. Retries while it is unavailable, because it may have been started at the same time as the
/// service.
///
/// # Errors
///
/// Returns an error with a remedy if the database cannot be opened.
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

/// A failed attempt.
struct Failure {
    cause: anyhow::Error,
    is_transient: bool,
}

/// Repeats `attempt` until it succeeds, fails permanently, or the startup timeout is exceeded.
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
            let cause = ErrorChain(&*failure.cause).to_string();
            tracing::warn!(cause, "waiting for {what}, for {timeout:?} at most");
            is_logged = true;
        }
        sleep(RETRY_INTERVAL).await;
    }
}

/// Creates the use cases for this database.
///
/// # Errors
///
/// Returns an error if ranks must be read from the database but cannot be.
pub(crate) async fn use_cases(
    settings: &Settings,
    database: &Database,
) -> anyhow::Result<UseCases> {
    let repositories = database.repositories();
    let rank_source = if settings.require(&RECHECK_ACCESS)? {
        ensure_ranks(&*repositories.histories)
            .await
            .with_context(|| settings.origin(&RECHECK_ACCESS))?;
        RankSource::TokenAndDatabase
    } else {
        RankSource::Token
    };
    Ok(UseCases::new(repositories, rank_source))
}

/// Checks that ranks can be read, with a query for a ticket that does not exist.
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

/// Converts an error to one whose text includes the remedy.
pub(crate) fn with_hint(error: &OpenError) -> anyhow::Error {
    anyhow::anyhow!("{} ({})", ErrorChain(error), hint(error))
}

/// Returns the remedy for an error that occurred when the database was opened.
pub(crate) fn hint(error: &OpenError) -> &'static str {
    match error {
        OpenError::NoSuchFile(_) => "run `wts migrate` to create one",
        OpenError::Unreachable { .. } => {
            "check that it is running, and that address, user and password are correct"
        }
        OpenError::NoAccess(_) => {
            "the service's user needs permission to read the file and to write to it and to its folder, where SQLite \
             creates the files `-wal` and `-shm`, and the disk needs free space"
        }
        OpenError::NotDatabase(..) => {
            "check the path; decompress a compressed backup first; import an export with `wts import`; if this was a \
             database, restore a backup"
        }
        OpenError::Damaged(_) => {
            "restore a backup; `sqlite3 FILE .recover` may save records that are not in a backup"
        }
        OpenError::NoTables => "run `wts migrate` to create the tables",
        OpenError::MissingTables(_) => "check the path, or the name of the database, in the URL",
        OpenError::NoPrivilege(_) => "grant the role the privileges that OPERATIONS.md lists",
        OpenError::Unreadable(_) => {
            "check that no other program locks the tables, and that their columns have the types of a WTS v3 database"
        }
        OpenError::Pooler(_) => POOLER_HINT,
        OpenError::ReplicasUnsupported => "remove WTS_DATABASE_READ_URLS",
        OpenError::UnmanagedSchema => "import into a database that `wts migrate` created",
        OpenError::Unwritable(_) => {
            "import with the role that ran `wts migrate`, while no other program writes"
        }
    }
}

/// Listens on `address`, with a longer backlog than that of the standard library.
///
/// # Errors
///
/// Returns an error if the address is in use or this user has no permission to use it.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // The standard library sets this option too. With it, a restart does not wait until the kernel has removed old
    // connections.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
