//! The cost of a measurement: processor time and memory, from `/proc`.

use std::fs;

use anyhow::{Context, Result};

/// The unit of processor time in `/proc`, which is the same on all architectures that we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// The cost of a number of requests.
pub(super) struct Cost {
    /// Processor time of the service, in microseconds for each request.
    pub(super) service_cpu: Option<f64>,
    /// Processor time of PostgreSQL, in microseconds for each request.
    pub(super) postgres_cpu: Option<f64>,
    /// The most memory that the service held.
    pub(super) peak_mib: Option<f64>,
}

/// The processor time of the service and of PostgreSQL at the start of a measurement.
pub(super) struct Meter([Option<(u32, f64)>; 2]);

impl Meter {
    /// Starts to measure these processes.
    pub(super) fn start(service: Option<u32>, postgres: Option<u32>) -> Result<Self> {
        if let Some(process) = service {
            // From here on the kernel keeps the peak anew.
            fs::write(format!("/proc/{process}/clear_refs"), "5")
                .context("could not reset the peak of memory")?;
        }
        let started = |process: Option<u32>| {
            let started = process.map(|id| anyhow::Ok((id, processor_seconds(id)?)));
            started.transpose()
        };
        Ok(Self([started(service)?, started(postgres)?]))
    }

    /// The cost of the requests since the start.
    pub(super) fn stop(self, requests: f64) -> Result<Cost> {
        let cpu = |started: Option<(u32, f64)>| {
            let seconds = started.map(|(id, before)| anyhow::Ok(processor_seconds(id)? - before));
            anyhow::Ok(
                seconds
                    .transpose()?
                    .map(|seconds| seconds * 1e6 / requests.max(1.0)),
            )
        };
        let Self([service, postgres]) = self;
        Ok(Cost {
            service_cpu: cpu(service)?,
            postgres_cpu: cpu(postgres)?,
            peak_mib: service.and_then(|(process, _)| peak_mib(process)),
        })
    }
}

/// Processor time of a process and its children, including those that have ended.
fn processor_seconds(process: u32) -> Result<f64> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.context("a process that is measured has ended")?;
    let processes = [process.to_string()];
    let processes = processes
        .iter()
        .map(String::as_str)
        .chain(children.split_whitespace());
    let ticks: u32 = processes
        // A child may have ended meanwhile; then its parent has its time.
        .filter_map(|id| fs::read_to_string(format!("/proc/{id}/stat")).ok())
        .map(|stat| {
            // The second field is a name in brackets, which may hold anything. The third is number 0 here.
            let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
            let times = fields.split_whitespace().skip(11).take(4);
            times
                .filter_map(|ticks| ticks.parse::<u32>().ok())
                .sum::<u32>()
        })
        .sum();
    Ok(f64::from(ticks) / TICKS_PER_SECOND)
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
