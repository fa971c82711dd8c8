//! The file that goes in.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::job::{Seen, seen};
use crate::{programs::built, warden::Warden};

/// How many traces a thousand tickets have.
const TRACES_OF_A_THOUSAND: u64 = 4_850;
/// More than the last line has.
const TAIL: u64 = 1_024;

/// A made-up campus in a file.
pub(super) struct Campus {
    pub(super) file: PathBuf,
    pub(super) bytes: u64,
    pub(super) tickets: u64,
    pub(super) traces: u64,
    /// Its last line, which tells its digest.
    pub(super) end: String,
}

impl Campus {
    /// Makes one of about so many traces.
    ///
    /// # Errors
    ///
    /// If the generator fails.
    pub(super) fn generate(
        warden: &mut Warden,
        directory: &Path,
        traces: u64,
    ) -> Result<(Self, Seen)> {
        let file = directory.join("campus.jsonl");
        let tickets = traces * 1_000 / TRACES_OF_A_THOUSAND + 1;
        let mut generate = Command::new(built("release", "wts"));
        generate
            .arg("generate")
            .arg(format!("--tickets={tickets}"))
            .arg("--output")
            .arg(&file)
            .env("WTS_LOG", "warn");
        let generated = seen(warden, &mut generate)?;
        let end = end_of(&file)?;
        let count = |name: &str| -> Option<u64> {
            let (_, rest) = end.split_once(&format!("\"{name}\":"))?;
            rest.split(',').next()?.parse().ok()
        };
        let campus = Self {
            bytes: fs::metadata(&file).context("the campus")?.len(),
            tickets: count("tickets").context("the campus has no end")?,
            traces: count("traces").context("the campus has no end")?,
            file,
            end,
        };
        Ok((campus, generated))
    }
}

/// The last line of a file.
///
/// # Errors
///
/// If it cannot be read.
pub(super) fn end_of(file: &Path) -> Result<String> {
    let mut file = File::open(file).with_context(|| file.display().to_string())?;
    let length = file.metadata().context("a file's length")?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))
        .context("a file's end")?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).context("a file's end")?;
    let tail = String::from_utf8_lossy(&tail);
    Ok(tail.lines().last().unwrap_or_default().to_owned())
}
