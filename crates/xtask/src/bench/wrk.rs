//! Sending requests over HTTP, with wrk.

use std::{fs, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use super::{meter::Responses, service::Service};
use crate::{
    command::{on_path, output, program},
    install::debian_package,
};

/// What wrk runs: the request it makes, and how it reports.
const SCRIPT: &str = include_str!("wrk.lua");

/// Installs wrk unless it is there.
///
/// # Errors
///
/// If it cannot be installed.
pub(super) fn provide() -> Result<()> {
    debian_package("wrk", || on_path("wrk").is_some(), "")
}

/// What is requested: a path that ends with a number, any of these.
pub(super) struct Target {
    path: &'static str,
    first: u32,
    last: u32,
}

impl Target {
    /// The route that only checks the token.
    pub(super) const BASELINE: Self = Self {
        path: "/floor?tid=",
        first: 1,
        last: 9,
    };

    /// The traces of any of these tickets, from the first to the last.
    pub(super) fn traces((first, last): (u32, u32)) -> Self {
        Self {
            path: "/api/v3/get_traces?tid=",
            first,
            last,
        }
    }
}

/// Sends requests over this number of connections, on each again as soon as the response is there.
///
/// # Errors
///
/// If wrk fails, or a request gets no response.
pub(super) fn run(
    service: &Service,
    target: &Target,
    connections: u32,
    duration: Duration,
) -> Result<Responses> {
    let script = service.directory().join("wrk.lua");
    fs::write(&script, SCRIPT).context("could not write wrk's script")?;
    let mut wrk = program("wrk");
    wrk.args(["--threads", if connections > 1 { "2" } else { "1" }])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{}s", duration.as_secs())])
        .args(["--timeout", "30s", "--script"])
        .arg(&script)
        .arg(format!("http://{}", service.address()))
        .arg("--")
        .arg(service.tokens())
        .arg(target.path)
        .args([target.first.to_string(), target.last.to_string()]);
    let printed = output(&mut wrk)?;
    let report: Vec<f64> = printed
        .lines()
        .find_map(|line| line.strip_prefix("reported "))
        .with_context(|| format!("wrk did not report:\n{printed}"))?
        .split(' ')
        .map(|number| number.parse().context("wrk's report"))
        .collect::<Result<_>>()?;
    let [count, seconds, failures, rejected, p50, p99] = report[..] else {
        bail!("wrk's report has other fields than expected:\n{printed}");
    };
    ensure!(
        failures == 0.0,
        "{failures} of {count} requests got no response"
    );
    let count = count - rejected;
    Ok(Responses {
        count,
        rejected,
        rate: count / seconds,
        p50,
        p99,
    })
}
