//! Where log records go.

mod format;
mod one_line;
mod writer;

use std::{
    io::{self, IsTerminal},
    panic,
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
use self::one_line::OneLine;
pub(crate) use self::writer::Guard;

/// Prints log records that pass `filter` on standard error, in a thread of their own, until what is returned is dropped.
/// A record is one line, whatever is in it.
///
/// # Errors
///
/// If `filter` cannot be read, or records are printed already.
pub(crate) fn start(filter: &str, format: LogFormat) -> anyhow::Result<Guard> {
    let filter = filter_of(filter)?;
    let stderr = io::stderr();
    let is_terminal = stderr.is_terminal();
    let (writer, guard) = writer::gather(stderr).context("no thread to write the log")?;
    let records = tracing_subscriber::fmt::layer().with_writer(OneLine::new(writer));
    let records = match format {
        LogFormat::Text => records.with_ansi(is_terminal).boxed(),
        LogFormat::Json => records.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(records.with_filter(filter.and(filter_fn(is_ours_or_brief))))
        .try_init()
        .map_err(|error| anyhow::anyhow!(error))?;
    panic::set_hook(Box::new(|panic| {
        // Not its message, which may quote what was read: a name, or a remark.
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "a bug made a task panic");
    }));
    Ok(guard)
}

/// What may be logged at all. The details of others hold what they were given: those of PostgreSQL's driver the parameters of
/// every statement, students' numbers among them.
fn is_ours_or_brief(record: &Metadata<'_>) -> bool {
    *record.level() <= Level::INFO || record.target().starts_with("wts")
}

/// What the operator asks for. The framework's connections are silent unless they are asked for by name: whatever they say
/// as an error any client can make them say, and what becomes of a request our own records tell.
fn filter_of(directives: &str) -> anyhow::Result<EnvFilter> {
    let filter = EnvFilter::builder()
        .parse(directives)
        .context("expected a level or directives, such as info or info,wts_adapter_http=debug")?;
    if directives.contains("actix_http") {
        return Ok(filter);
    }
    Ok(filter.add_directive("actix_http::h1::dispatcher=off".parse()?))
}
