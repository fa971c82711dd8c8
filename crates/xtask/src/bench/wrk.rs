//! Sends HTTP requests with the load generator wrk.

use std::{borrow::Cow, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use super::{Responses, service::Service};
use crate::{
    command::{on_path, output, program, workspace},
    install::debian_package,
};

/// The wrk script that creates the requests and prints the report.
const SCRIPT: &str = "crates/xtask/src/bench/wrk.lua";

/// Installs wrk unless it is installed.
pub(super) fn provide() -> Result<()> {
    debian_package("wrk", || on_path("wrk").is_some(), "")
}

/// A request target: a path followed by a random number from `first` to `last`.
pub(super) struct Target {
    path: Cow<'static, str>,
    first: u32,
    last: u32,
}

impl Target {
    /// Returns the target of the baseline route, which only checks the token, with a body of this length.
    pub(super) fn baseline(bytes: u32) -> Self {
        Self::new("/baseline?bytes=", (bytes, bytes))
    }

    /// Returns the target for the traces of the tickets from the first to the last.
    pub(super) fn traces(tickets: (u32, u32)) -> Self {
        Self::new("/api/v3/get_traces?tid=", tickets)
    }

    /// Returns the target of `path` followed by a random number from the first to the last.
    pub(super) fn new(path: impl Into<Cow<'static, str>>, (first, last): (u32, u32)) -> Self {
        let path = path.into();
        Self { path, first, last }
    }
}

/// Sends requests over this number of connections. Each connection sends the next request after the previous response.
pub(super) fn run(
    service: &Service<'_>,
    target: &Target,
    connections: u32,
    duration: Duration,
) -> Result<Responses> {
    let mut wrk = program("wrk");
    wrk.args(["--threads", if connections > 1 { "2" } else { "1" }])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{}s", duration.as_secs())])
        .args(["--timeout", "30s", "--script"])
        .arg(workspace().join(SCRIPT))
        .args([&format!("http://{}", service.address), "--"])
        .arg(&service.tokens)
        .arg(&*target.path)
        .args([target.first.to_string(), target.last.to_string()]);
    let printed = output(&mut wrk)?;
    let report = printed
        .lines()
        .find_map(|line| line.strip_prefix("reported "));
    let report = report.with_context(|| format!("wrk did not report:\n{printed}"))?;
    let numbers: Result<Vec<f64>, _> = report.split(' ').map(str::parse).collect();
    let [count, seconds, failures, rejected, p50, p99, bytes] =
        numbers.context("could not parse the report of wrk")?[..]
    else {
        bail!("expected seven fields in the report of wrk:\n{printed}");
    };
    ensure!(
        failures == 0.0,
        "{failures} of {count} requests got no response"
    );
    let bytes = bytes / count.max(1.0);
    let count = count - rejected;
    Ok(Responses {
        count,
        rejected,
        rate: count / seconds,
        p50,
        p99,
        bytes,
    })
}
