//! What the commands have in common.

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use wts_adapter_file::{FileSink, FileSource};
use wts_app::{Copied, CopyHistories, HistorySink, HistorySource, Verified, VerifyHistories};

use super::{arguments::Output, progress::Progress, stop::Stop};

/// Copies histories in threads of their own, until they are through or a signal comes.
pub(super) async fn copy(
    source: Box<dyn HistorySource>,
    sink: Box<dyn HistorySink>,
    progress: Progress,
) -> anyhow::Result<Copied> {
    blocking(progress, move |progress| {
        Ok(CopyHistories::new(source, sink).execute(progress)?)
    })
    .await
}

/// Verifies histories in threads of its own, until it is through or a signal comes.
pub(super) async fn verify(
    source: Box<dyn HistorySource>,
    progress: Progress,
) -> anyhow::Result<Verified> {
    blocking(progress, move |progress| {
        Ok(VerifyHistories::new(source).execute(progress)?)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    mut progress: Progress,
    work: impl FnOnce(&mut Progress) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let stop = progress.stop().clone();
    let working = tokio::task::spawn_blocking(move || {
        let outcome = work(&mut progress);
        progress.end();
        outcome
    });
    let outcome = stop.or_soon(working).await?;
    if outcome.is_err() && stop.is_asked() {
        stop.end();
    }
    outcome
}

/// The histories in a file, or from standard input.
pub(super) async fn from_file(file: &Path, stop: &Stop) -> anyhow::Result<Box<dyn HistorySource>> {
    let file = file.to_owned();
    // Its first bytes are read, and whoever is to write them may take their time.
    let opening = tokio::task::spawn_blocking(move || opened(&file));
    Ok(Box::new(stop.or(opening).await??))
}

fn opened(file: &Path) -> anyhow::Result<FileSource> {
    if is_standard(file) {
        FileSource::reading(io::stdin()).context("cannot read standard input")
    } else {
        FileSource::open(file).with_context(|| format!("cannot read {}", file.display()))
    }
}

/// A file to write, or standard output.
pub(super) fn to_file(output: &Output, stop: &Stop) -> anyhow::Result<Box<dyn HistorySink>> {
    let sink = if is_standard(&output.output) {
        FileSink::writing(io::stdout(), output.compress)
    } else {
        FileSink::create(&output.output, output.compress)
    };
    let sink = sink.with_context(|| output.output.display().to_string())?;
    if let Some(unfinished) = sink.unfinished() {
        stop.removes(PathBuf::from(unfinished));
    }
    Ok(Box::new(sink))
}

fn is_standard(file: &Path) -> bool {
    file == Path::new("-")
}
