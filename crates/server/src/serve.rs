//! `wts serve`: the service, wired.

use std::net::{SocketAddr, TcpListener};

use anyhow::Context;
use wts_adapter_db::OpenError;
use wts_adapter_http::{HttpSettings, TokenVerifier};
use wts_app::GetTraces;

use crate::settings::Settings;

/// Serves until told to stop. Everything that can be wrong is found before anything listens.
pub(crate) async fn run(settings: &Settings, listen: Option<SocketAddr>) -> anyhow::Result<()> {
    let _logging = settings.start_logging()?;
    let listen = listen.map_or_else(|| settings.listen(), Ok)?;
    let (token, origin_of_secret) = settings.token()?;
    let verifier = TokenVerifier::new(&token).context(origin_of_secret)?;
    let http = HttpSettings {
        default_order: settings.default_order()?,
        ..HttpSettings::default()
    };
    let histories = wts_adapter_db::connect(&settings.database_url()?)
        .await
        .map_err(with_remedy)
        .context("WTS_DATABASE_URL")?;
    let listener = TcpListener::bind(listen)
        .with_context(|| format!("WTS_LISTEN: cannot listen on {listen}"))?;

    tracing::info!("listening on http://{}", listener.local_addr()?);
    wts_adapter_http::server(listener, GetTraces::new(histories), verifier, &http)?.await?;
    tracing::info!("stopped");
    Ok(())
}

fn with_remedy(error: OpenError) -> anyhow::Error {
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
