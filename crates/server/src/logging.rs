//! Where log records go.

mod format;
mod one_line;
mod writer;

use std::{
    io::{self, IsTerminal},
    sync::{Mutex, PoisonError},
};

use anyhow::Context;
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub(crate) use self::format::LogFormat;
use self::{one_line::OneLine, writer::Guard};
use crate::spans::Recorder;

/// The log of this process, from its start to its end: whoever ends the process can end it first.
static STARTED: Mutex<Option<Log>> = Mutex::new(None);

struct Log {
    format: LogFormat,
    _guard: Guard,
}

/// Prints log records that pass `filter` on standard error, in a thread of their own, until the log is [ended](end).
/// A record is one line, whatever is in it. Access records go to `spans` as well, whatever the filter.
///
/// # Errors
///
/// If records are printed already.
pub(crate) fn start(
    filter: EnvFilter,
    format: LogFormat,
    spans: Option<Recorder>,
) -> anyhow::Result<()> {
    let stderr = io::stderr();
    let is_terminal = stderr.is_terminal();
    let (writer, guard) = writer::gather(stderr, format).context("no thread to write the log")?;
    let records = tracing_subscriber::fmt::layer().with_writer(OneLine::new(writer));
    let records = match format {
        LogFormat::Text => records.with_ansi(is_terminal).boxed(),
        LogFormat::Json => records.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(records.with_filter(filter.and(filter_fn(is_ours_or_brief))))
        .with(spans.map(|spans| spans.with_filter(filter_fn(Recorder::wants))))
        .try_init()
        .map_err(|error| anyhow::anyhow!(error))?;
    *STARTED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Log {
        format,
        _guard: guard,
    });
    Ok(())
}

/// Whether whoever reads standard error reads records only.
pub(crate) fn is_for_machines() -> bool {
    let started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let format = started.as_ref().map(|log| log.format);
    format == Some(LogFormat::Json) && tracing::enabled!(Level::ERROR)
}

/// Writes the last records. Later ones are lost.
pub(crate) fn end() {
    let started = STARTED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    drop(started);
}

/// What may be logged at all. The details of others hold what they were given: those of PostgreSQL's driver the parameters of
/// every statement, students' numbers among them.
fn is_ours_or_brief(record: &Metadata<'_>) -> bool {
    *record.level() <= Level::INFO || record.target().starts_with("wts")
}

/// What the operator asks for. The framework's connections are silent unless they are asked for by name: whatever they say
/// as an error any client can make them say, and what becomes of a request our own records tell.
///
/// # Errors
///
/// If it cannot be read.
pub(crate) fn filter(directives: &str) -> anyhow::Result<EnvFilter> {
    let filter = EnvFilter::builder().parse(directives)?;
    if directives.contains("actix_http") {
        return Ok(filter);
    }
    Ok(filter.add_directive("actix_http::h1::dispatcher=off".parse()?))
}
