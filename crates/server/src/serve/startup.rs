//! What has to be there before the service can serve.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::{net::TcpSocket, time::sleep};
use wts_adapter_db::{Database, DatabaseMetrics, OpenError};
use wts_adapter_http::{KeySourceError, Keyring};
use wts_app::{GetTraces, HistoryQuery, HistoryRepository, RankSource};
use wts_domain::{StudentId, TicketId};

use crate::settings::{
    Settings,
    catalogue::{DATABASE_URL, RECHECK_ACCESS, STARTUP_TIMEOUT},
};

/// How soon a database that was not there is looked for again.
const SOON: Duration = Duration::from_millis(250);
/// What to do where ranks cannot be read.
pub(crate) const RANKS_REMEDY: &str = "in a database of ours run `wts migrate`, in an existing one grant the role what the README lists";
/// How many connections may wait to be accepted. The kernel may allow fewer.
const BACKLOG: u32 = 1_024;

/// The keys that tokens are checked with. A server of keys that is not there yet is waited for.
///
/// # Errors
///
/// What is wrong with the keys.
pub(super) async fn keyring(settings: &Settings) -> anyhow::Result<Keyring> {
    patiently(settings, "the keys", async || {
        settings.keyring().await.map_err(|cause| Failure {
            may_pass: cause
                .downcast_ref()
                .is_some_and(KeySourceError::is_transient),
            cause,
        })
    })
    .await
}

/// Opens the database. One that is not there yet, because both were started at once, is waited for.
///
/// # Errors
///
/// What is wrong with it, and what to do about that.
pub(super) async fn open(
    settings: &Settings,
    metrics: &DatabaseMetrics,
) -> anyhow::Result<Database> {
    let url = settings.require(&DATABASE_URL)?;
    let reading = settings.reading()?;
    patiently(settings, "the database", async || {
        Database::open(&url, &reading, metrics)
            .await
            .map_err(|error| Failure {
                may_pass: error.is_transient(),
                cause: with_remedy(error).context(settings.origin(&DATABASE_URL)),
            })
    })
    .await
}

/// Why something cannot be had, and whether it may be in a moment.
struct Failure {
    cause: anyhow::Error,
    may_pass: bool,
}

/// Tries until that goes well, or fails for what does not pass, or has taken too long.
async fn patiently<T>(
    settings: &Settings,
    what: &str,
    attempt: impl AsyncFn() -> Result<T, Failure>,
) -> anyhow::Result<T> {
    let patience = settings.require(&STARTUP_TIMEOUT)?;
    let begun = Instant::now();
    let mut told = false;
    loop {
        let failure = match attempt().await {
            Ok(thing) => return Ok(thing),
            Err(failure) => failure,
        };
        if !failure.may_pass || begun.elapsed() >= patience {
            return Err(failure.cause);
        }
        if !told {
            let cause = format!("{:#}", failure.cause);
            tracing::warn!(cause, "waiting for {what}, for {patience:?} at most");
            told = true;
        }
        sleep(SOON).await;
    }
}

/// The use case over the histories of this database.
///
/// # Errors
///
/// If ranks are to be read from it, and cannot be.
pub(crate) async fn get_traces(
    settings: &Settings,
    database: &Database,
) -> anyhow::Result<GetTraces> {
    let histories = database.histories();
    let rank_source = if settings.require(&RECHECK_ACCESS)? {
        ensure_ranks(&*histories)
            .await
            .with_context(|| settings.origin(&RECHECK_ACCESS))?;
        RankSource::TokenAndDatabase
    } else {
        RankSource::Token
    };
    Ok(GetTraces::new(histories).with_rank_source(rank_source))
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
            .with_context(|| format!("the database does not tell ranks ({RANKS_REMEDY})"))?;
    }
    Ok(())
}

/// Says what an operator can do about it.
pub(crate) fn with_remedy(error: OpenError) -> anyhow::Error {
    let remedy = remedy(&error);
    let error = anyhow::Error::new(error);
    anyhow::anyhow!("{error:#} ({remedy})")
}

/// What to do about a database that cannot be served from.
pub(crate) fn remedy(error: &OpenError) -> &'static str {
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

/// Listens for clients, more of whom may wait to be accepted than the standard library lets.
///
/// # Errors
///
/// If somebody else does, or this user may not.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // As the standard library has it: who is started again need not wait for old connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
