//! The cost of a measurement: processor time and memory, from `/proc`.

use std::fs;

/// Clock ticks per second in `/proc` (`USER_HZ`): 100 on all supported architectures.
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

/// The service and PostgreSQL, and their processor times at the start of a measurement.
pub(super) struct Meter([Option<(u32, f64)>; 2]);

impl Meter {
    /// Starts to measure these processes.
    pub(super) fn start(service: Option<u32>, postgres: Option<u32>) -> Self {
        if let Some(process) = service {
            // From here on the kernel keeps the peak of memory anew.
            let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
        }
        let started = |process| Some((process, processor_seconds(process)?));
        Self([service, postgres].map(|process| process.and_then(started)))
    }

    /// The cost of the requests since the start.
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

/// Processor time of a process and its children, including those that have ended.
fn processor_seconds(process: u32) -> Option<f64> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    let process = process.to_string();
    let processes = [process.as_str()]
        .into_iter()
        .chain(children.split_whitespace());
    // A child may have ended meanwhile; then its parent has its time.
    let stats = processes.filter_map(|id| fs::read_to_string(format!("/proc/{id}/stat")).ok());
    let ticks = stats.flat_map(|stat| {
        // The second field is a name in brackets, which may hold anything. The third is number 0 here.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let times = fields.split_whitespace().skip(11).take(4);
        let ticks: Vec<u32> = times.filter_map(|ticks| ticks.parse().ok()).collect();
        ticks
    });
    Some(f64::from(ticks.sum::<u32>()) / TICKS_PER_SECOND)
}

/// The most memory that a process has held, while it runs.
pub(super) fn peak_mib(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let (_, peak) = status.split_once("VmHWM:")?;
    let kib: f64 = peak.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1_024.0)
}
