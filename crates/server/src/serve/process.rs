//! The process: the limit of open files, notifications to systemd, and process metrics.

use std::{fs, io};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::gauge::ConstGauge,
    registry::Registry,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sd_notify::NotifyState;

/// Raises the limit of open files to the highest allowed value. Every connection is an open file, and on most systems
/// the default limit of 1,024 is too low.
pub(super) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
    if let Err(error) = raised {
        tracing::warn!(%error, limit = ?limit.current, "cannot raise the limit of open files (RLIMIT_NOFILE)");
    }
}

/// Notifies systemd of a new state, if systemd started the process.
pub(super) fn notify_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "notifying systemd failed");
    }
}

/// Registers the process metrics, which are read from the kernel.
pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(ProcessMetrics));
}

#[derive(Debug)]
struct ProcessMetrics;

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut gauge = |name, help, value: io::Result<i64>| {
            // The values are read from /proc. If it is not available, the metrics are omitted.
            let Ok(value) = value else { return Ok(()) };
            let gauge = ConstGauge::new(value);
            let metric_type = gauge.metric_type();
            gauge.encode(encoder.encode_descriptor(name, help, None, metric_type)?)
        };
        gauge(
            "process_resident_memory_bytes",
            "Resident memory of the process",
            resident_bytes(),
        )?;
        gauge(
            "process_open_fds",
            "Open files and connections of the process",
            open_files(),
        )
    }
}

fn resident_bytes() -> io::Result<i64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<i64>().ok());
    Ok(kibibytes.ok_or(io::ErrorKind::InvalidData)? * 1_024)
}

fn open_files() -> io::Result<i64> {
    let files = fs::read_dir("/proc/self/fd")?.count();
    i64::try_from(files).map_err(|_| io::ErrorKind::InvalidData.into())
}
