//! Where log records go.

use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// Prints log records that pass `filter` on standard error.
///
/// # Errors
///
/// If `filter` cannot be read, or records are printed already.
pub(crate) fn start(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .context("expected a level or directives, such as info or info,wts_adapter_http=debug")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init()
        .map_err(|error| anyhow::anyhow!(error))
}
