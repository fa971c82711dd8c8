//! The arguments of the commands.

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

    /// Only this ticket; may be given several times
    #[arg(long, value_name = "NUMBER")]
    pub(super) ticket: Vec<TicketId>,

    /// Only tickets filed at this moment or later: 2025-09-01 or 2025-09-01T08:00:00Z, in UTC
    #[arg(long, value_name = "MOMENT", value_parser = timestamp, conflicts_with = "ticket")]
    pub(super) filed_since: Option<Timestamp>,

    /// Only tickets filed before this moment
    #[arg(long, value_name = "MOMENT", value_parser = timestamp, conflicts_with = "ticket")]
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
                bail!("nothing is filed since {since} and before {before}")
            }
            (since, before) => Selection::Filed { since, before },
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file, as it is or compressed with gzip or zstd; - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(super) output: Output,

    /// How many tickets; there will be about five traces to each
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    pub(super) tickets: u64,

    /// How many days the tickets are filed in, from 2025-12-06 on
    #[arg(long, value_name = "NUMBER", default_value_t = 3 * 365, value_parser = clap::value_parser!(u32).range(2..=36_500))]
    pub(super) days: u32,

    /// Another seed makes another campus, the same seed the same
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A file to verify instead of the configured database; - is standard input
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

/// The file that a command writes.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// The file, which is replaced when the new one is whole; - is standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(super) output: PathBuf,

    /// Compress it with gzip or zstd
    #[arg(long, value_name = "HOW")]
    pub(super) compress: Option<Compression>,
}

/// Parses a timestamp as the file spells it, or a day that begins in UTC.
fn timestamp(text: &str) -> Result<Timestamp, String> {
    const EXPECTED: &str = "expected a moment such as 2025-09-01 or 2025-09-01T08:00:00Z, in UTC";
    if let Ok(timestamp) = text.parse() {
        return Ok(timestamp);
    }
    let day: Date = format!("{text}T00:00:00Z").parse().map_err(|_| EXPECTED)?;
    Ok(Timestamp::midnight_of(day).map_err(|_| EXPECTED)?)
}
