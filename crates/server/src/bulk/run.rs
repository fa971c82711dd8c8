//! What the commands have in common.

use std::{
    io,
    path::Path,
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use wts_adapter_file::{FileSink, FileSource};
use wts_app::{Copied, CopyHistories, HistorySink, HistorySource, Verified, VerifyHistories};

use super::{arguments::Output, progress::Progress};

/// What the shell calls the end of a program that a signal has ended.
const INTERRUPTED: i32 = 130;

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
    tokio::task::spawn_blocking(move || {
        let outcome = work(&mut progress);
        progress.end();
        outcome
    })
    .await?
}

/// What becomes true from now on when SIGINT or SIGTERM comes. Who does not want to wait until everything is cleared up sends another.
pub(super) fn stop_on_signal() -> anyhow::Result<Arc<AtomicBool>> {
    let stopped = Arc::<AtomicBool>::default();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let mut signals = signal(kind).context("cannot listen for signals")?;
        let stopped = Arc::clone(&stopped);
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if stopped.swap(true, Ordering::Relaxed) {
                    process::exit(INTERRUPTED);
                }
            }
        });
    }
    Ok(stopped)
}

/// The histories in a file, or from standard input.
pub(super) fn from_file(file: &Path) -> anyhow::Result<Box<dyn HistorySource>> {
    let source = if is_standard(file) {
        FileSource::reading(io::stdin()).context("cannot read standard input")?
    } else {
        FileSource::open(file).with_context(|| format!("cannot read {}", file.display()))?
    };
    Ok(Box::new(source))
}

/// A file to write, or standard output.
pub(super) fn to_file(output: &Output) -> anyhow::Result<Box<dyn HistorySink>> {
    let sink = if is_standard(&output.output) {
        FileSink::writing(io::stdout(), output.compress)
    } else {
        FileSink::create(&output.output, output.compress)
    };
    Ok(Box::new(
        sink.with_context(|| output.output.display().to_string())?,
    ))
}

fn is_standard(file: &Path) -> bool {
    file == Path::new("-")
}
