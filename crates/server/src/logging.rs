//! Where log records go.

use std::io::{self, BufWriter, IsTerminal};

use anyhow::Context;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// How many records may wait to be printed. Should nobody take them from standard error, those that are one too many are
/// lost, and not the requests that they are about.
const LINES: usize = 16 * 1_024;

/// Prints log records that pass `filter` on standard error, in a thread of their own, until what is returned is dropped.
///
/// # Errors
///
/// If `filter` cannot be read, or records are printed already.
pub(crate) fn start(filter: &str) -> anyhow::Result<WorkerGuard> {
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
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(is_terminal)
        .try_init()
        .map_err(|error| anyhow::anyhow!(error))?;
    Ok(guard)
}
