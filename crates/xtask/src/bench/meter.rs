//! The cost of a measurement: processor time and memory, from `/proc`.

use std::{fs, sync::OnceLock};

use anyhow::{Context, Result, ensure};

use crate::command::{output, program};

/// The responses that a load generator has counted.
pub(super) struct Responses {
    pub(super) count: f64,
    /// How many requests were rejected, besides.
    pub(super) rejected: f64,
    /// Responses in a second.
    pub(super) rate: f64,
    /// The median of their latencies, in microseconds.
    pub(super) p50: f64,
    /// The 99th percentile of their latencies, in microseconds.
    pub(super) p99: f64,
}

/// Responses and their cost.
pub(super) struct Measurement {
    pub(super) rate: f64,
    /// The share of the requests that were rejected.
    pub(super) rejected: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// Processor time of the service, in microseconds for each request.
    pub(super) service_cpu: Option<f64>,
    /// Processor time of PostgreSQL, in microseconds for each request.
    pub(super) postgres_cpu: Option<f64>,
    /// The most memory that the service held.
    pub(super) peak_mib: Option<f64>,
}

impl Measurement {
    /// # Errors
    ///
    /// If a request was rejected, or none was answered.
    pub(super) fn without_rejections(self) -> Result<Self> {
        let Self { rejected, rate, .. } = self;
        ensure!(
            rejected == 0.0 && rate > 0.0,
            "{:.3} % of the requests were rejected, {rate} a second answered",
            100.0 * rejected
        );
        Ok(self)
    }
}

/// The processor time of processes at the start of a measurement.
pub(super) struct Meter {
    service: Option<(u32, f64)>,
    postgres: Option<(u32, f64)>,
}

impl Meter {
    /// Starts to measure these processes.
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
        let started = |process: Option<u32>| {
            process
                .map(|process| anyhow::Ok((process, processor_time(process)?)))
                .transpose()
        };
        Ok(Self {
            service: started(service)?,
            postgres: started(postgres)?,
        })
    }

    /// The cost of these responses, which have come since the start.
    ///
    /// # Errors
    ///
    /// If one of the processes is gone.
    pub(super) fn stop(self, responses: &Responses) -> Result<Measurement> {
        let cpu = |started: Option<(u32, f64)>| {
            let cost = started.map(|(process, before)| {
                anyhow::Ok((processor_time(process)? - before) * 1e6 / responses.count.max(1.0))
            });
            cost.transpose()
        };
        let peak = self.service.map(|(process, _)| {
            peak_mib(process).context("could not read how much memory the service held")
        });
        Ok(Measurement {
            rate: responses.rate,
            rejected: responses.rejected / (responses.count + responses.rejected).max(1.0),
            p50: responses.p50,
            p99: responses.p99,
            service_cpu: cpu(self.service)?,
            postgres_cpu: cpu(self.postgres)?,
            peak_mib: peak.transpose()?,
        })
    }
}

/// Seconds of processor time of a process and its children, including those that have ended.
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
    let ticks = output(program("getconf").arg("CLK_TCK"))?;
    let ticks = ticks.trim().parse().context("getconf CLK_TCK")?;
    Ok(*TICKS.get_or_init(|| ticks))
}

/// The most memory that a process has held, while it runs.
pub(super) fn peak_mib(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1_024.0)
}
