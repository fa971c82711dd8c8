//! `wts generate`: a made-up campus.

use wts_generator::{Campus, CampusSource};

use super::{
    arguments::Generate,
    progress::{Findings, Progress},
    run,
};
use crate::settings::Settings;

pub(crate) async fn generate(settings: &Settings, arguments: Generate) -> anyhow::Result<()> {
    settings.start_logging()?;
    let progress = Progress::begin("generating", Findings::Ignored)?;
    let sink = run::to_file(&arguments.output, progress.stop())?;
    let source = Box::new(CampusSource::new(Campus {
        seed: arguments.seed,
        tickets: arguments.tickets,
        days: arguments.days,
    }));
    let copied = run::copy(source, sink, progress).await?;
    tracing::info!("generated {}", copied.stored.new);
    Ok(())
}
