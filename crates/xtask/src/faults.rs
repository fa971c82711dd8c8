//! `cargo xtask faults`: how the service behaves for minutes while what it depends on fails, with the figures.

use anyhow::Result;

use crate::{
    command::{cargo, run},
    postgres::{self, TestServer},
};

/// The test programs, and the long test in each.
const TESTS: [(&str, &str); 3] = [
    ("database_faults", "every_fault_for_longer"),
    (
        "replicas",
        "a_replica_that_fails_again_and_again_is_not_missed_for_a_second",
    ),
    ("overload", "goodput_at_four_times_the_capacity"),
];

/// Runs the long versions of the tests of faults, one after the other.
///
/// # Errors
///
/// At the first test that fails.
pub(crate) fn run_tests() -> Result<()> {
    let server = TestServer::provide()?;
    for (program, test) in TESTS {
        let mut command = cargo(&[
            "test",
            "--release",
            "--package",
            "wts-server",
            "--test",
            program,
        ]);
        command.args(["--", "--ignored", "--exact", "--nocapture", test]);
        run(command.env(postgres::URL_VARIABLE, server.url()))?;
    }
    Ok(())
}
