//! What a measurement cost: processor time and memory, from `/proc`.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

/// What those who asked saw.
pub(super) struct Answers {
    pub(super) count: f64,
    /// How many were refused, besides.
    pub(super) refused: f64,
    /// Of them in a second.
    pub(super) rate: f64,
    /// How long half of them took at most, in microseconds.
    pub(super) p50: f64,
    /// How long 99 of 100 took at most, in microseconds.
    pub(super) p99: f64,
}

/// What a measurement saw.
pub(super) struct Seen {
    pub(super) rate: f64,
    /// What part of the requests was refused.
    pub(super) refused: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// Processor time of the service, in microseconds a request.
    pub(super) service: Option<f64>,
    /// Processor time of PostgreSQL, in microseconds a request.
    pub(super) postgres: Option<f64>,
    /// The most memory that the service held, in MiB.
    pub(super) peak: Option<f64>,
}

impl Seen {
    /// # Errors
    ///
    /// If any request was refused, or none was answered.
    pub(super) fn all_answered(self) -> Result<Self> {
        ensure!(
            self.refused == 0.0 && self.rate > 0.0,
            "{:.3} % of the requests were refused, {} a second answered",
            100.0 * self.refused,
            self.rate
        );
        Ok(self)
    }
}

/// Watches processes from when it is made.
pub(super) struct Meter {
    service: Option<(u32, f64)>,
    postgres: Option<(u32, f64)>,
}

impl Meter {
    /// Watches these.
    ///
    /// # Errors
    ///
    /// If one of them is gone.
    pub(super) fn start(service: Option<u32>, postgres: Option<u32>) -> Result<Self> {
        if let Some(process) = service {
            // From here on the kernel keeps the peak anew.
            fs::write(format!("/proc/{process}/clear_refs"), "5")
                .context("could not reset the peak of memory")?;
        }
        let watched = |process: Option<u32>| {
            process
                .map(|process| anyhow::Ok((process, processor_time(process)?)))
                .transpose()
        };
        Ok(Self {
            service: watched(service)?,
            postgres: watched(postgres)?,
        })
    }

    /// What they have cost since then.
    ///
    /// # Errors
    ///
    /// If one of them is gone.
    pub(super) fn read(self, answers: &Answers) -> Result<Seen> {
        let each = |watched: Option<(u32, f64)>| {
            watched
                .map(|(process, before)| {
                    anyhow::Ok((processor_time(process)? - before) * 1e6 / answers.count.max(1.0))
                })
                .transpose()
        };
        Ok(Seen {
            rate: answers.rate,
            refused: answers.refused / (answers.count + answers.refused).max(1.0),
            p50: answers.p50,
            p99: answers.p99,
            service: each(self.service)?,
            postgres: each(self.postgres)?,
            peak: self
                .service
                .map(|(process, _)| peak_memory(process))
                .transpose()?,
        })
    }
}

/// Seconds of processor time of a process and its children, those that have ended too.
fn processor_time(process: u32) -> Result<f64> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc").context("could not read /proc")? {
        let name = entry.context("could not read /proc")?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // It may have ended meanwhile; then its parent has its time.
        let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else {
            continue;
        };
        // The second field is a name in brackets, which may hold anything. The third is number 0 here.
        let fields: Vec<u64> = stat
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0))
            .collect();
        let parent = fields.get(1).copied();
        if id == process || parent == Some(u64::from(process)) {
            ticks += fields.get(11..15).unwrap_or_default().iter().sum::<u64>();
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a run has few ticks")]
    let seconds = ticks as f64 / ticks_per_second()?;
    Ok(seconds)
}

fn ticks_per_second() -> Result<f64> {
    static TICKS: OnceLock<f64> = OnceLock::new();
    if let Some(ticks) = TICKS.get() {
        return Ok(*ticks);
    }
    let output = Command::new("getconf")
        .arg("CLK_TCK")
        .output()
        .context("could not run getconf")?;
    let ticks = String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .context("getconf CLK_TCK")?;
    Ok(*TICKS.get_or_init(|| ticks))
}

/// In MiB.
fn peak_memory(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .context("could not read how much memory the service held")?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .context("the kernel does not tell a peak of memory")?
        .trim()
        .parse()
        .context("VmHWM")?;
    Ok(kib / 1_024.0)
}
