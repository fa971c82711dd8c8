//! `wts doctor`: whether a deployment is well, and what to do where it is not.

mod database;
mod finding;
mod machine;

use anyhow::ensure;

use self::finding::{Finding, Verdict};
use crate::settings::Settings;

/// Looks at everything and prints what it finds.
///
/// # Errors
///
/// If the service could not serve as it is. What is merely unwise is no error.
#[expect(clippy::print_stdout, reason = "what the command has to say")]
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut findings = machine::settings(settings);
    findings.extend(machine::keys(settings).await);
    findings.extend(machine::files(settings));
    findings.extend(machine::listeners(settings));
    findings.extend(machine::open_files(settings));
    findings.extend(database::primary(settings).await);
    findings.extend(database::replicas(settings).await);
    for finding in &findings {
        println!("{finding}");
    }
    let count = |verdict| {
        findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    };
    let (broken, unwise) = (count(Verdict::Broken), count(Verdict::Unwise));
    ensure!(
        broken == 0,
        "{broken} of {} findings keep the service from serving",
        findings.len()
    );
    println!(
        "{} findings, {unwise} to look at, none that keeps the service from serving",
        findings.len()
    );
    Ok(())
}
