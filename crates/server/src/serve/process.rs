//! The process, and who looks after it.

use std::{fs, io};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::gauge::ConstGauge,
    registry::Registry,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sd_notify::NotifyState;

/// Lets the process open as many files as it may. Every connection is one, and the limit that most systems begin with,
/// 1,024, is from a time of programs that could not take more.
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
        tracing::warn!(%error, "the limit of open files stays at {:?}", limit.current);
    }
}

/// Tells systemd, where it wants to know.
pub(super) fn tell_manager(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// Adds what the kernel knows of the process.
pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(Process));
}

#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (name, help, value) in [
            (
                "process_resident_memory_bytes",
                "Memory that the process holds",
                resident_bytes(),
            ),
            (
                "process_open_fds",
                "Files and connections that the process has open",
                open_files(),
            ),
        ] {
            // Where there is no /proc, nothing is said.
            if let Ok(value) = value {
                let gauge = ConstGauge::new(value);
                gauge.encode(encoder.encode_descriptor(
                    name,
                    help,
                    None,
                    gauge.metric_type(),
                )?)?;
            }
        }
        Ok(())
    }
}

fn resident_bytes() -> io::Result<i64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kibibytes = status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .split_whitespace()
                .next()?
                .parse::<i64>()
                .ok()
        })
        .ok_or(io::ErrorKind::InvalidData)?;
    Ok(kibibytes * 1_024)
}

fn open_files() -> io::Result<i64> {
    let files = fs::read_dir("/proc/self/fd")?.count();
    i64::try_from(files).map_err(|_| io::ErrorKind::InvalidData.into())
}
