//! `wts verify`: histories, held against the rules.

use anyhow::{Context, bail};
use wts_app::{Selection, Verified};

use super::{
    arguments::Verify,
    progress::{Findings, Progress},
    run,
};
use crate::{
    serve::with_remedy,
    settings::{Settings, catalogue::DATABASE_URL},
};

#[expect(clippy::print_stdout, reason = "what the command has to say")]
pub(crate) async fn verify(settings: &Settings, arguments: Verify) -> anyhow::Result<()> {
    settings.start_logging()?;
    let progress = Progress::begin("verifying", Findings::Listed)?;
    let (source, what) = if let Some(file) = &arguments.file {
        let source = run::from_file(file, progress.stop()).await?;
        (source, file.display().to_string())
    } else {
        let database = settings.require(&DATABASE_URL)?;
        let opening = wts_adapter_db::source(&database, Selection::Whole);
        let source = progress
            .stop()
            .or(opening)
            .await
            .map_err(with_remedy)
            .with_context(|| settings.origin(&DATABASE_URL))?;
        (source, "the database".to_owned())
    };
    let Verified { counts, findings } = run::verify(source, progress)
        .await
        .with_context(|| what.clone())?;
    if findings > 0 {
        bail!("{what}: the rules of a history are broken in {findings} places, in {counts}");
    }
    println!("{what}: every rule is kept, in {counts}");
    Ok(())
}
