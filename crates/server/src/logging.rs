//! Where log records go.

mod format;
mod one_line;

use std::{
    io::{self, BufWriter, IsTerminal},
    panic,
};

use anyhow::Context;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

pub(crate) use self::format::LogFormat;
use self::one_line::OneLine;

/// How many records may wait to be printed. Should nobody take them from standard error, those that are one too many are
/// lost, and not the requests that they are about.
const LINES: usize = 16 * 1_024;

/// Prints log records that pass `filter` on standard error, in a thread of their own, until what is returned is dropped.
/// A record is one line, whatever is in it.
///
/// # Errors
///
/// If `filter` cannot be read, or records are printed already.
pub(crate) fn start(filter: &str, format: LogFormat) -> anyhow::Result<WorkerGuard> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .context("expected a level or directives, such as info or info,wts_adapter_http=debug")?;
    let stderr = io::stderr();
    let is_terminal = stderr.is_terminal();
    // What waits is written together.
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES)
        .thread_name("log")
        .finish(BufWriter::new(stderr));
    let records = tracing_subscriber::fmt::layer().with_writer(OneLine::new(writer));
    let records = match format {
        LogFormat::Text => records.with_ansi(is_terminal).boxed(),
        LogFormat::Json => records.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(records.with_filter(filter))
        .try_init()
        .map_err(|error| anyhow::anyhow!(error))?;
    panic::set_hook(Box::new(|panic| {
        // Not its message, which may quote what was read: a name, or a remark.
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "a bug made a task panic");
    }));
    Ok(guard)
}
