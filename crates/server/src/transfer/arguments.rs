//! The arguments of `wts export`, `import`, `generate` and `verify`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use wts_adapter_file::Compression;
use wts_app::Selection;
use wts_domain::{Date, TicketId, Timestamp};

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(super) output: Output,

    /// Export only this ticket; can be given several times
    #[arg(long, value_name = "NUMBER")]
    pub(super) ticket: Vec<TicketId>,

    /// Export only tickets filed at or after this time, in UTC: 2025-09-01 or 2025-09-01T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = timestamp, conflicts_with = "ticket")]
    pub(super) filed_since: Option<Timestamp>,

    /// Export only tickets filed before this time, in UTC
    #[arg(long, value_name = "TIME", value_parser = timestamp, conflicts_with = "ticket")]
    pub(super) filed_before: Option<Timestamp>,
}

impl Export {
    pub(super) fn selection(&self) -> anyhow::Result<Selection> {
        Ok(match (self.filed_since, self.filed_before) {
            _ if !self.ticket.is_empty() => {
                Selection::Tickets(self.ticket.iter().copied().collect())
            }
            (None, None) => Selection::All,
            (Some(since), Some(before)) if since >= before => {
                bail!("no ticket can be filed at or after {since} and before {before}")
            }
            (since, before) => Selection::Filed { since, before },
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Input file, uncompressed or compressed with gzip or zstd; - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(super) output: Output,

    /// Number of tickets, each with about five traces
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    pub(super) tickets: u64,

    /// Number of days over which the tickets are filed, starting on 2025-12-06
    #[arg(long, value_name = "NUMBER", default_value_t = 3 * 365, value_parser = clap::value_parser!(u32).range(2..=36_500))]
    pub(super) days: u32,

    /// Seed of the random generator; equal seeds generate equal data
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// File to verify instead of the configured database; - is standard input
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

/// The output of a command.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// Output file, replaced only when the new one is complete; - is standard output
    #[arg(long = "output", short = 'o', value_name = "FILE", default_value = "-")]
    pub(super) path: PathBuf,

    /// Compress the output with gzip or zstd; a file whose name ends in .gz or .zst is compressed anyway
    #[arg(long, value_name = "FORMAT")]
    pub(super) compress: Option<Compression>,

    /// Replace an existing file; a database is never replaced
    #[arg(long)]
    pub(super) force: bool,
}

/// Parses a timestamp in the format of the file, or a date, which stands for midnight UTC.
fn timestamp(text: &str) -> Result<Timestamp, String> {
    const EXPECTED: &str = "expected a time such as 2025-09-01 or 2025-09-01T08:00:00Z, in UTC";
    if let Ok(timestamp) = text.parse() {
        return Ok(timestamp);
    }
    let day: Date = format!("{text}T00:00:00Z").parse().map_err(|_| EXPECTED)?;
    Ok(Timestamp::midnight_of(day).map_err(|_| EXPECTED)?)
}
