//! What has to be there before the service can serve.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::{net::TcpSocket, time::sleep};
use wts_adapter_db::{Database, DatabaseMetrics, OpenError};
use wts_app::{Authority, GetTraces, HistoryRepository};
use wts_domain::{StudentId, TicketId};

use crate::settings::{
    Settings,
    catalogue::{DATABASE_URL, RECHECK_ACCESS, STARTUP_TIMEOUT},
};

/// How soon a database that was not there is looked for again.
const SOON: Duration = Duration::from_millis(250);
/// How many connections may wait to be accepted. The kernel may allow fewer.
const BACKLOG: u32 = 1_024;

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
    let patience = settings.require(&STARTUP_TIMEOUT)?;
    let begun = Instant::now();
    let mut told = false;
    loop {
        match Database::open(&url, &reading, metrics).await {
            Err(error) if error.may_pass() && begun.elapsed() < patience => {
                if !told {
                    let cause = format!("{:#}", anyhow::Error::new(error));
                    tracing::warn!(cause, "waiting for the database, for {patience:?} at most");
                    told = true;
                }
                sleep(SOON).await;
            }
            outcome => {
                return outcome
                    .map_err(with_remedy)
                    .with_context(|| settings.origin(&DATABASE_URL));
            }
        }
    }
}

/// The use case over the histories of this database.
///
/// # Errors
///
/// If ranks are to be read from it, and cannot be.
pub(super) async fn get_traces(
    settings: &Settings,
    database: &Database,
) -> anyhow::Result<GetTraces> {
    let histories = database.histories();
    let authority = if settings.require(&RECHECK_ACCESS)? {
        ensure_ranks(&*histories)
            .await
            .with_context(|| settings.origin(&RECHECK_ACCESS))?;
        Authority::Store
    } else {
        Authority::Caller
    };
    Ok(GetTraces::new(histories).with_authority(authority))
}

/// Proves, with a real read, that ranks can be read.
async fn ensure_ranks(histories: &dyn HistoryRepository) -> anyhow::Result<()> {
    if let Some(any) = TicketId::new(i64::MAX) {
        histories
            .find_with_rank(any, &StudentId::from(""))
            .await
            .context(
                "the database does not tell ranks (in a database of ours run `wts migrate`, in an existing one grant the \
                 role what the README lists)",
            )?;
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
        OpenError::Unreachable(_) => "is it running, and are address, user and password right?",
        OpenError::Unreadable(_) => {
            "to make the tables in a new database run `wts migrate`, in an existing one grant the role what the README \
             lists"
        }
        OpenError::NoReplicas => "leave WTS_DATABASE_READ_URLS out",
    }
}

/// Listens for clients, more of whom may wait to be accepted than the standard library lets.
///
/// # Errors
///
/// If somebody else does, or this user may not.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // As the standard library has it: who is started again need not wait for old connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
