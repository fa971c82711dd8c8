//! `wts export`: histories out of a database.

use anyhow::Context;
use wts_app::Selection;
use wts_domain::Timestamp;

use super::{
    arguments::Export,
    progress::{Findings, Progress},
    run,
};
use crate::{
    serve::with_remedy,
    settings::{Settings, catalogue::DATABASE_URL},
};

pub(crate) async fn export(settings: &Settings, arguments: Export) -> anyhow::Result<()> {
    let _logging = settings.start_logging()?;
    let progress = Progress::begin("exporting", Findings::Ignored)?;
    let sink = run::to_file(&arguments.output)?;
    let source = wts_adapter_db::source(&settings.require(&DATABASE_URL)?, selection(&arguments))
        .await
        .map_err(with_remedy)
        .with_context(|| settings.origin(&DATABASE_URL))?;
    let copied = run::copy(source, sink, progress).await?;
    tracing::info!("exported {}", copied.stored.new);
    Ok(())
}

fn selection(arguments: &Export) -> Selection {
    match (arguments.filed_since, arguments.filed_before) {
        _ if !arguments.ticket.is_empty() => Selection::Tickets(arguments.ticket.clone()),
        (None, None) => Selection::Whole,
        (since, before) => Selection::Filed {
            since: since.unwrap_or(Timestamp::NEG_INFINITY),
            before: before.unwrap_or(Timestamp::INFINITY),
        },
    }
}
