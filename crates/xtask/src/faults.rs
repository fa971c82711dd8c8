//! `cargo xtask faults`: what happens to the service while what is around it fails, for minutes and with the figures.

use std::process::Command;

use anyhow::Result;

use crate::postgres;
use crate::test::run_to_success;
use crate::warden::Warden;

/// Runs the long versions of the tests of faults, one after the other, on a PostgreSQL of its own.
///
/// # Errors
///
/// At the first promise that is not kept.
pub(crate) fn run() -> Result<()> {
    let mut warden = Warden::start()?;
    let database = postgres::provide(&mut warden)?;
    for (test, name) in [
        ("database_faults", "every_fault_for_longer"),
        (
            "replicas",
            "a_replica_that_fails_again_and_again_is_not_missed_for_a_second",
        ),
        ("overload", "goodput_at_four_times_the_capacity"),
    ] {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .args([
                "test",
                "--release",
                "--package",
                "wts-server",
                "--test",
                test,
            ])
            .args(["--", "--ignored", "--exact", "--nocapture", name])
            .env(postgres::URL_VARIABLE, &database);
        run_to_success(&mut warden, &mut command)?;
    }
    Ok(())
}
