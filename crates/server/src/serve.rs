//! `wts serve`: the service, wired.

use std::{net::TcpListener, sync::Arc};

use anyhow::Context;
use wts_adapter_db::OpenError;
use wts_adapter_http::TokenVerifier;
use wts_app::{Authority, GetTraces, HistoryRepository};
use wts_domain::{StudentId, TicketId};

use crate::settings::{
    Settings,
    catalogue::{DATABASE_URL, LISTEN, RECHECK_ACCESS},
};

/// Serves until told to stop. Everything that can be wrong is found before anything listens.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let _logging = settings.start_logging()?;
    let listen = settings.require(&LISTEN)?;
    let verifier = TokenVerifier::new(settings.keyring().await?, settings.token()?);
    let http = settings.http()?;
    let histories = wts_adapter_db::connect(&settings.require(&DATABASE_URL)?)
        .await
        .map_err(with_remedy)
        .with_context(|| settings.origin(&DATABASE_URL))?;
    let get_traces = GetTraces::new(Arc::clone(&histories)).with_authority(
        if settings.require(&RECHECK_ACCESS)? {
            ensure_ranks(&*histories)
                .await
                .with_context(|| settings.origin(&RECHECK_ACCESS))?;
            Authority::Store
        } else {
            Authority::Caller
        },
    );
    let listener = TcpListener::bind(listen)
        .with_context(|| format!("{}: cannot listen on {listen}", settings.origin(&LISTEN)))?;

    tracing::info!("listening on http://{}", listener.local_addr()?);
    wts_adapter_http::server(listener, get_traces, verifier, &http)?.await?;
    tracing::info!("stopped");
    Ok(())
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
    let remedy = match &error {
        OpenError::NoSuchFile(_) => "to make one, run `wts migrate`",
        OpenError::Unreachable(_) => "is it running, and are address, user and password right?",
        OpenError::Unreadable(_) => {
            "to make the tables in a new database run `wts migrate`, in an existing one grant the role what the README \
             lists"
        }
    };
    let error = anyhow::Error::new(error);
    anyhow::anyhow!("{error:#} ({remedy})")
}
