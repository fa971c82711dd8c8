//! The commands that transfer complete histories: `wts export`, `wts import`, `wts generate` and `wts verify`.

mod arguments;
mod cancel;
mod output_file;
mod progress;

use std::{collections::BTreeSet, io, path::Path};

use anyhow::{Context, bail};
use tokio::task::spawn_blocking;
use wts_adapter_file::{FileSink, FileSource};
use wts_app::{
    Batch, Counts, HistorySink, HistorySource, ImportReport, Observer, Record, Selection,
    TransferError, copy_histories, verify_histories,
};
use wts_domain::TicketId;
use wts_generator::{SampleData, SampleDataSource};

pub(crate) use self::arguments::{Export, Generate, Import, Verify};
use self::{
    arguments::Output,
    cancel::CancelOnSignal,
    progress::{Findings, ProgressReporter},
};
use crate::{
    output::{OutputError, write_line},
    serve,
    settings::{Settings, catalogue::DATABASE_URL},
};

/// Exports histories from the configured database.
pub(crate) async fn export(settings: &Settings, arguments: Export) -> anyhow::Result<()> {
    settings.start_logging()?;
    let selection = arguments.selection()?;
    let progress = ProgressReporter::start("exporting", Findings::Ignored)?;
    let sink = create_file(settings, &arguments.output, progress.cancel())?;
    let source = open_database(settings, selection, progress.cancel()).await?;
    let sink = Box::new(RequireTickets {
        sink,
        missing: arguments.ticket.into_iter().collect(),
    });
    let copy = move |observer: &mut dyn Observer| copy_histories(source, sink, observer);
    let report = run(progress, copy).await?.map_err(closed_pipe)?;
    tracing::info!("exported the histories: {}", report.stored.inserted);
    Ok(())
}

/// A sink that fails if a requested ticket was not exported, because an incomplete backup is useless.
struct RequireTickets {
    sink: Box<dyn HistorySink>,
    missing: BTreeSet<TicketId>,
}

impl HistorySink for RequireTickets {
    fn put(&mut self, batch: Batch) -> Result<(), TransferError> {
        for entry in batch.entries() {
            if let Record::Ticket(ticket) = &entry.record {
                self.missing.remove(&ticket.id);
            }
        }
        self.sink.put(batch)
    }

    fn finish(self: Box<Self>) -> Result<ImportReport, TransferError> {
        if let Some(missing) = self.missing.first() {
            let cause = format!("there is no ticket {missing}");
            return Err(TransferError::failed("nothing was exported", cause));
        }
        self.sink.finish()
    }
}

/// Imports histories into the configured database.
pub(crate) async fn import(settings: &Settings, arguments: Import) -> anyhow::Result<()> {
    settings.start_logging()?;
    let progress = ProgressReporter::start("importing", Findings::Logged)?;
    let file = arguments.file.display().to_string();
    let source = open_file(&arguments.file, progress.cancel()).await?;
    let database = settings.require(&DATABASE_URL)?;
    let opening = wts_adapter_db::sink(&database);
    let sink = progress.cancel().race(opening).await;
    let sink = sink
        .map_err(|error| serve::with_hint(&error))
        .with_context(|| settings.origin(&DATABASE_URL))?;
    let copy = move |observer: &mut dyn Observer| copy_histories(source, sink, observer);
    let report = run(progress, copy)
        .await?
        .with_context(|| format!("{file}: nothing was imported"))?;
    let mut lines = vec![format!("imported {}", report.stored.inserted)];
    if report.stored.unchanged != Counts::default() {
        lines.push(format!(
            "already present and unchanged: {}",
            report.stored.unchanged
        ));
    }
    if report.findings > 0 {
        let findings = report.findings;
        lines.push(format!(
            "found {findings} rule violations in the imported histories; `wts verify` lists them"
        ));
    }
    // The import is committed, which must be known also if this output is lost.
    write_line(lines.join("\n")).with_context(|| lines.join("; "))?;
    Ok(())
}

/// Generates sample data and writes it to a file.
pub(crate) async fn generate(settings: &Settings, arguments: Generate) -> anyhow::Result<()> {
    settings.start_logging()?;
    let progress = ProgressReporter::start("generating", Findings::Ignored)?;
    let sink = create_file(settings, &arguments.output, progress.cancel())?;
    let source = Box::new(SampleDataSource::new(SampleData {
        seed: arguments.seed,
        tickets: arguments.tickets,
        days: arguments.days,
    }));
    let copy = move |observer: &mut dyn Observer| copy_histories(source, sink, observer);
    let report = run(progress, copy).await?.map_err(closed_pipe)?;
    tracing::info!("generated the sample data: {}", report.stored.inserted);
    Ok(())
}

/// Checks histories in a file or in the configured database against the rules.
pub(crate) async fn verify(settings: &Settings, arguments: Verify) -> anyhow::Result<()> {
    settings.start_logging()?;
    let progress = ProgressReporter::start("verifying", Findings::Printed)?;
    let (source, what) = if let Some(file) = &arguments.file {
        let source = open_file(file, progress.cancel()).await?;
        (source, file.display().to_string())
    } else {
        let source = open_database(settings, Selection::All, progress.cancel()).await?;
        (source, "the database".to_owned())
    };
    let verify = move |observer: &mut dyn Observer| verify_histories(source, observer);
    let report = run(progress, verify).await?.with_context(|| what.clone())?;
    let (counts, findings, invalid) = (report.counts, report.findings, report.invalid);
    if invalid > 0 {
        bail!(
            "{what}: found {invalid} records that cannot be read, and {findings} rule violations in {counts}"
        );
    }
    if findings > 0 {
        bail!("{what}: found {findings} rule violations in {counts}");
    }
    Ok(write_line(format_args!(
        "{what}: found no rule violations in {counts}"
    ))?)
}

/// Runs a transfer in other threads until it ends or a signal arrives.
async fn run<T: Send + 'static>(
    mut progress: ProgressReporter,
    transfer: impl FnOnce(&mut dyn Observer) -> Result<T, TransferError> + Send + 'static,
) -> anyhow::Result<Result<T, TransferError>> {
    let cancel = progress.cancel().clone();
    let transfer = spawn_blocking(move || {
        let outcome = transfer(&mut progress);
        (outcome, progress.finish())
    });
    let (outcome, printed) = cancel.race_with_grace_period(transfer).await?;
    printed?;
    if outcome.is_err() && cancel.is_cancelled() {
        cancel.exit();
    }
    Ok(outcome)
}

/// Opens the configured database for reading.
async fn open_database(
    settings: &Settings,
    selection: Selection,
    cancel: &CancelOnSignal,
) -> anyhow::Result<Box<dyn HistorySource>> {
    let database = settings.require(&DATABASE_URL)?;
    let opening = wts_adapter_db::source(&database, selection);
    let opened = cancel
        .race(opening)
        .await
        .map_err(|error| serve::with_hint(&error));
    opened.with_context(|| settings.origin(&DATABASE_URL))
}

/// Opens a file or standard input, and reads its first bytes. This blocks until the bytes have been written.
async fn open_file(file: &Path, cancel: &CancelOnSignal) -> anyhow::Result<Box<dyn HistorySource>> {
    let file = file.to_owned();
    let opening = spawn_blocking(move || {
        if is_standard(&file) {
            FileSource::reading(io::stdin()).context("cannot read standard input")
        } else {
            FileSource::open(&file).with_context(|| format!("cannot read {}", file.display()))
        }
    });
    Ok(Box::new(cancel.race(opening).await??))
}

/// Opens the output: a new file, or standard output for `-`.
fn create_file(
    settings: &Settings,
    output: &Output,
    cancel: &CancelOnSignal,
) -> anyhow::Result<Box<dyn HistorySink>> {
    // A command that does not need the database also runs with an invalid URL.
    let database = settings.get(&DATABASE_URL).ok().flatten();
    output_file::ensure_may_write(&output.path, output.force, database.as_ref())?;
    let compression = output_file::compression(output)?;
    let sink = if is_standard(&output.path) {
        FileSink::writing(io::stdout(), compression)
    } else {
        FileSink::create(&output.path, compression)
    };
    let sink = sink.with_context(|| output.path.display().to_string())?;
    if let Some(temp_path) = sink.temp_path() {
        cancel.set_temp_file(temp_path.to_owned());
    }
    Ok(Box::new(sink))
}

fn is_standard(file: &Path) -> bool {
    file == Path::new("-")
}

/// Converts an error of a transfer to a file. A closed pipe becomes the error that every command returns for it.
fn closed_pipe(error: TransferError) -> anyhow::Error {
    match &error {
        TransferError::Failed(_, cause)
            if cause.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe) =>
        {
            OutputError::closed_pipe().into()
        }
        _ => error.into(),
    }
}
