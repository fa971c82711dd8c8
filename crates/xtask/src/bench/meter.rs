//! Measures CPU time and memory of processes, from `/proc`.

use std::fs;

/// Clock ticks per second in `/proc` (`USER_HZ`): 100 on all supported architectures.
const TICKS_PER_SECOND: f64 = 100.0;

/// The CPU time and memory that requests have used.
pub(super) struct Cost {
    /// The CPU time of the service, in microseconds per request.
    pub(super) service_cpu: Option<f64>,
    /// The CPU time of PostgreSQL, in microseconds per request.
    pub(super) postgres_cpu: Option<f64>,
    /// The peak memory of the service, in MiB.
    pub(super) peak_mib: Option<f64>,
}

/// The processes of the service and of PostgreSQL, and their CPU times at the start of a measurement.
pub(super) struct Meter([Option<(u32, f64)>; 2]);

impl Meter {
    /// Starts measuring these processes.
    pub(super) fn start(service: Option<u32>, postgres: Option<u32>) -> Self {
        if let Some(process) = service {
            // Resets the peak memory that the kernel records.
            let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
        }
        let started = |process| Some((process, processor_seconds(process)?));
        Self([service, postgres].map(|process| process.and_then(started)))
    }

    /// Returns the CPU time and memory that the requests have used since the start.
    pub(super) fn stop(self, requests: f64) -> Cost {
        let Self([service, postgres]) = self;
        let cpu = |(process, before)| {
            let seconds = processor_seconds(process)? - before;
            Some(seconds * 1e6 / requests.max(1.0))
        };
        Cost {
            service_cpu: service.and_then(cpu),
            postgres_cpu: postgres.and_then(cpu),
            peak_mib: service.and_then(|(process, _)| peak_mib(process)),
        }
    }
}

/// Returns the CPU time of a process and its children in seconds, including children that have ended.
fn processor_seconds(process: u32) -> Option<f64> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    let process = process.to_string();
    let processes = [process.as_str()]
        .into_iter()
        .chain(children.split_whitespace());
    // The CPU time of a child that has already ended is included in that of its parent.
    let stats = processes.filter_map(|id| fs::read_to_string(format!("/proc/{id}/stat")).ok());
    let ticks = stats.flat_map(|stat| {
        // The second field is a name in parentheses, which may contain any character. The fields after it start with
        // the third.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let times = fields.split_whitespace().skip(11).take(4);
        let ticks: Vec<u32> = times.filter_map(|ticks| ticks.parse().ok()).collect();
        ticks
    });
    Some(f64::from(ticks.sum::<u32>()) / TICKS_PER_SECOND)
}

/// Returns the peak memory of a running process in MiB.
pub(super) fn peak_mib(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let (_, peak) = status.split_once("VmHWM:")?;
    let kib: f64 = peak.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1_024.0)
}
