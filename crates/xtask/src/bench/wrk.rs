//! Asking over HTTP, with wrk.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::meter::Answers;
use super::service::{Service, Tokens};
use super::succeeded;
use crate::install::Package;
use crate::programs::on_path;
use crate::warden::Warden;

/// What wrk runs: the request it makes, and how it reports.
const SCRIPT: &str = include_str!("wrk.lua");

const PACKAGE: Package = Package {
    what: "wrk",
    names: &[
        ("apt-get", "wrk"),
        ("dnf", "wrk"),
        ("apk", "wrk"),
        ("pacman", "wrk"),
        ("zypper", "wrk"),
    ],
    otherwise: "put wrk (github.com/wg/wrk) on the PATH",
};

/// Sees to it that there is a wrk.
///
/// # Errors
///
/// If there is none and it cannot be installed.
pub(super) fn provide() -> Result<()> {
    if on_path("wrk").is_none() {
        PACKAGE.install()?;
    }
    ensure!(
        on_path("wrk").is_some(),
        "wrk was installed, but it is not on the PATH"
    );
    Ok(())
}

/// What is asked for: a path that ends with a number, any of these.
pub(super) struct Target {
    path: &'static str,
    first: u32,
    last: u32,
}

impl Target {
    /// The traces of any of these tickets.
    pub(super) fn traces(first: u32, last: u32) -> Self {
        Self {
            path: "/api/v3/get_traces?tid=",
            first,
            last,
        }
    }

    /// The route that does nothing.
    pub(super) fn floor() -> Self {
        Self {
            path: "/floor?tid=",
            first: 1,
            last: 9,
        }
    }
}

/// Asks over so many connections, on each again as soon as it has its answer.
///
/// # Errors
///
/// If wrk fails, or a request is not answered at all.
pub(super) fn run(
    warden: &mut Warden,
    service: &Service,
    tokens: &Tokens,
    target: &Target,
    connections: u32,
    duration: Duration,
) -> Result<Answers> {
    let script = service.directory().join("wrk.lua");
    std::fs::write(&script, SCRIPT).context("could not write wrk's script")?;
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads", if connections > 1 { "2" } else { "1" }])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{}s", duration.as_secs())])
        .args(["--timeout", "30s"])
        .arg("--script")
        .arg(&script)
        .arg(format!("http://{}", service.address()))
        .arg("--")
        .arg(tokens.file())
        .arg(target.path)
        .args([target.first.to_string(), target.last.to_string()]);
    let output = warden.output(&mut wrk)?;
    succeeded("wrk", &output)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let reported: Vec<f64> = said
        .lines()
        .find_map(|line| line.strip_prefix("reported "))
        .with_context(|| format!("wrk did not report:\n{said}"))?
        .split(' ')
        .map(|number| number.parse().context("wrk's report"))
        .collect::<Result<_>>()?;
    let [count, seconds, failures, refused, p50, p99] = reported[..] else {
        bail!("wrk's report has other fields than expected:\n{said}");
    };
    ensure!(
        failures == 0.0,
        "{failures} of {count} requests were not answered"
    );
    let count = count - refused;
    Ok(Answers {
        count,
        refused,
        rate: count / seconds,
        p50,
        p99,
    })
}
