//! The command `wts doctor`, which checks a deployment and prints a remedy for each problem.

mod database;
mod finding;
mod machine;

use anyhow::ensure;

use self::finding::{Finding, Severity};
use crate::{output::write_line, settings::Settings};

/// Runs all checks and prints the findings.
///
/// # Errors
///
/// Returns an error if a finding prevents the service from serving.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut findings = machine::settings(settings);
    findings.extend(machine::keys(settings).await);
    findings.extend(machine::files(settings));
    findings.extend(machine::listeners(settings));
    findings.extend(machine::open_files(settings));
    findings.extend(database::primary(settings).await);
    findings.extend(database::replicas(settings).await);
    for finding in &findings {
        write_line(finding)?;
    }
    let count = |severity| {
        let found = findings.iter();
        found.filter(|finding| finding.severity == severity).count()
    };
    let (total, failures, warnings) =
        (findings.len(), count(Severity::Fail), count(Severity::Warn));
    ensure!(
        failures == 0,
        "{failures} of {total} findings prevent the service from serving"
    );
    let summary = format_args!("{total} findings: {warnings} warnings, no failures");
    Ok(write_line(summary)?)
}
