//! `wts export`: histories out of a database.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use wts_app::{Batch, BulkError, HistorySource, Record, Selection};
use wts_domain::TicketId;

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
    settings.start_logging()?;
    let selection = selection(&arguments)?;
    let progress = Progress::begin("exporting", Findings::Ignored)?;
    let sink = run::to_file(&arguments.output, progress.stop())?;
    let database = settings.require(&DATABASE_URL)?;
    let opening = wts_adapter_db::source(&database, selection);
    let source = progress
        .stop()
        .or(opening)
        .await
        .map_err(with_remedy)
        .with_context(|| settings.origin(&DATABASE_URL))?;
    let source = Asked {
        source,
        missing: arguments.ticket.into_iter().collect(),
    };
    let copied = run::copy(Box::new(source), sink, progress).await?;
    tracing::info!("exported {}", copied.stored.new);
    Ok(())
}

fn selection(arguments: &Export) -> anyhow::Result<Selection> {
    Ok(match (arguments.filed_since, arguments.filed_before) {
        _ if !arguments.ticket.is_empty() => Selection::Tickets(arguments.ticket.clone()),
        (None, None) => Selection::Whole,
        (Some(since), Some(before)) if since >= before => {
            bail!("nothing is filed since {since} and before {before}")
        }
        (since, before) => Selection::Filed { since, before },
    })
}

/// Fails if not every ticket that was asked for is there: a backup without it is none.
struct Asked {
    source: Box<dyn HistorySource>,
    missing: BTreeSet<TicketId>,
}

impl HistorySource for Asked {
    fn next_batch(&mut self) -> Result<Option<Batch>, BulkError> {
        let batch = self.source.next_batch()?;
        for entry in batch.iter().flat_map(Batch::entries) {
            if let Record::Ticket(ticket) = &entry.record {
                self.missing.remove(&ticket.id);
            }
        }
        match self.missing.first() {
            Some(missing) if batch.is_none() => Err(BulkError::failed(
                "nothing is exported",
                format!("there is no ticket {missing}"),
            )),
            _ => Ok(batch),
        }
    }
}
