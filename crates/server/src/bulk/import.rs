//! `wts import`: histories into a database.

use anyhow::Context;
use wts_adapter_db::SinkError;
use wts_app::{Copied, Counts};

use super::{
    arguments::Import,
    progress::{Findings, Progress},
    run,
};
use crate::settings::{Settings, catalogue::DATABASE_URL};

#[expect(clippy::print_stdout, reason = "what the command has to say")]
pub(crate) async fn import(settings: &Settings, arguments: Import) -> anyhow::Result<()> {
    settings.start_logging()?;
    let progress = Progress::begin("importing", Findings::Warned)?;
    let file = arguments.file.display().to_string();
    let source = run::from_file(&arguments.file, progress.stop()).await?;
    let database = settings.require(&DATABASE_URL)?;
    let opening = wts_adapter_db::sink(&database);
    let sink = progress
        .stop()
        .or(opening)
        .await
        .map_err(with_remedy)
        .with_context(|| settings.origin(&DATABASE_URL))?;
    let Copied { stored, findings } = run::copy(source, sink, progress)
        .await
        .with_context(|| format!("{file}: nothing was imported"))?;
    println!("imported {}", stored.new);
    if stored.known != Counts::default() {
        println!("there already, the same: {}", stored.known);
    }
    if findings > 0 {
        println!("the rules of a history are broken in {findings} places: `wts verify` lists them");
    }
    Ok(())
}

fn with_remedy(error: SinkError) -> anyhow::Error {
    let remedy = match &error {
        SinkError::NoSuchFile(_) => "to make one, run `wts migrate`",
        SinkError::Unreachable(_) => "is it running, and are address, user and password right?",
        SinkError::NotOurs => "import into one of our own, which `wts migrate` makes",
        SinkError::Unwritable(_) => {
            "to make the tables in a new database run `wts migrate`; the role has to be the one that did so"
        }
    };
    let error = anyhow::Error::new(error);
    anyhow::anyhow!("{error:#} ({remedy})")
}
