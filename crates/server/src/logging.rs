//! The log of the process: its filter, its format and its writer.

mod format;
mod writer;

use std::{
    io::{self, IsTerminal},
    sync::{Mutex, PoisonError},
};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub(crate) use self::format::LogFormat;
use self::writer::FlushGuard;
use crate::otel::AccessLogSpanLayer;

/// The log of this process. It is a global variable, so that the last records can be written however the process ends.
static STARTED: Mutex<Option<Log>> = Mutex::new(None);

struct Log {
    format: LogFormat,
    _guard: FlushGuard,
}

/// Starts the log: records that pass `filter` are printed on standard error until [`end`], each on one line. Access log
/// records are also passed to `spans`, independently of the filter.
///
/// # Errors
///
/// Returns an error if the log is already started.
pub(crate) fn start(
    filter: EnvFilter,
    format: LogFormat,
    spans: Option<AccessLogSpanLayer>,
) -> anyhow::Result<()> {
    let stderr = io::stderr();
    let is_terminal = stderr.is_terminal();
    let (writer, guard) = writer::start(stderr, format);
    if hides_errors(&filter) {
        warn_about_filter(format);
    }
    let records = tracing_subscriber::fmt::layer().with_writer(writer);
    let records = match format {
        LogFormat::Text => records.with_ansi(is_terminal).boxed(),
        LogFormat::Json => records.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(records.with_filter(filter.and(filter_fn(is_own_or_brief))))
        .with(spans.map(|spans| spans.with_filter(filter_fn(AccessLogSpanLayer::accepts))))
        .try_init()
        .map_err(|error| anyhow::anyhow!(error))?;
    *STARTED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Log {
        format,
        _guard: guard,
    });
    Ok(())
}

/// Logs that the filter hides errors. The filter does not apply to this record.
fn warn_about_filter(format: LogFormat) {
    let records = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let records = match format {
        LogFormat::Text => records.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => records.json().flatten_event(true).boxed(),
    };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(records), || {
        tracing::warn!(
            "the log filter excludes errors of the service: a failed request leaves no record"
        );
    });
}

/// Returns whether the log format is JSON. Then standard error must contain only JSON.
pub(crate) fn is_json() -> bool {
    let started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let format = started.as_ref().map(|log| log.format);
    format == Some(LogFormat::Json) && tracing::enabled!(Level::ERROR)
}

/// Writes the last records and ends the log. Later records are lost.
pub(crate) fn end() {
    let started = STARTED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    drop(started);
}

/// Returns whether a record can be logged at any level. Debug records of libraries are excluded, because they contain
/// data: those of the PostgreSQL driver contain the parameters of every statement, such as student numbers.
fn is_own_or_brief(record: &Metadata<'_>) -> bool {
    *record.level() <= Level::INFO || record.target().starts_with("wts")
}

/// The levels of a filter, from least to most records.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

const EXPECTED: &str = "expected a level or directives, such as info or info,wts_adapter_http=debug; the levels are off, error, \
                        warn, info, debug and trace";

/// Parses the filter of log records. Records about connections of the HTTP framework are excluded unless the filter
/// names them: any client can cause such errors, and the access log has the outcome of every request.
///
/// # Errors
///
/// Returns an error if the filter cannot be parsed. A single word must be a level: the parser would take any other word for
/// the name of a module, and turn the log of all others off.
pub(crate) fn filter(directives: &str) -> anyhow::Result<EnvFilter> {
    let words = directives.split(',').map(str::trim);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let is_level = |word: &str| LEVELS.contains(&word.to_lowercase().as_str());
    let is_unknown = |word: &&&str| !word.contains(['=', '[', ']', '{', '}']) && !is_level(word);
    if let Some(word) = words.iter().find(is_unknown) {
        anyhow::bail!("{EXPECTED}, found {word:?}");
    }
    let filter = EnvFilter::builder()
        .parse(words.join(","))
        .map_err(|_| anyhow::anyhow!(EXPECTED))?;
    if directives.contains("actix_http") {
        return Ok(filter);
    }
    Ok(filter.add_directive("actix_http::h1::dispatcher=off".parse()?))
}

/// Returns whether a filter excludes errors of the service.
fn hides_errors(filter: &EnvFilter) -> bool {
    let Ok(filter) = EnvFilter::builder().parse(filter.to_string()) else {
        return false;
    };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(filter), || {
        !(tracing::enabled!(target: "wts", Level::ERROR)
            && tracing::enabled!(target: "wts_adapter_db", Level::ERROR)
            && tracing::enabled!(target: "wts_adapter_http", Level::ERROR))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_that_is_no_level_is_rejected() {
        for filter_text in [
            "warning",
            "verbose",
            "debgu",
            "info,hypr",
            "wts_adapter_http",
            "hyper=debgu",
        ] {
            assert!(filter(filter_text).is_err(), "{filter_text}");
        }
        for filter_text in [
            "info",
            "WARN",
            "off",
            "hyper=debug",
            "info, wts_adapter_db=trace",
            "warn,[request]=debug",
        ] {
            assert!(filter(filter_text).is_ok(), "{filter_text}");
        }
    }

    #[test]
    fn filter_without_errors_of_the_service_is_recognized() {
        for (directives, is_hidden) in [
            ("info", false),
            ("error", false),
            ("wts=error", false),
            ("info,hyper=off", false),
            ("off", true),
            ("hyper=debug", true),
            ("wts_adapter_db=info", true),
            ("info,wts_adapter_http=off", true),
        ] {
            assert_eq!(
                hides_errors(&filter(directives).unwrap()),
                is_hidden,
                "{directives}"
            );
        }
    }
}
