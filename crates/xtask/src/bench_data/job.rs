//! A program that is measured.

use std::{
    fs,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Result, ensure};

use crate::warden::Warden;

/// What a program took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) seconds: f64,
    /// The most memory that the process itself held, if it could be seen.
    pub(super) peak_kib: Option<u64>,
}

/// Runs a program to its end.
///
/// # Errors
///
/// If it fails.
pub(super) fn seen(warden: &mut Warden, command: &mut Command) -> Result<Seen> {
    let name = command.get_program().display().to_string();
    command.stdout(Stdio::null());
    let mut peak_kib = None;
    let begun = Instant::now();
    // The peak never falls, so that the last look at it is the one that counts.
    let status = warden.watch(command, |process| {
        peak_kib = peak_of(process).or(peak_kib);
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(status.success(), "{name} ended with {status}");
    Ok(Seen { seconds, peak_kib })
}

/// The most memory that a process has held.
fn peak_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
