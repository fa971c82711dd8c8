//! `cargo xtask faults`: tests the service for minutes while its dependencies fail, and prints the measurements.

use anyhow::Result;

use crate::{
    command::{cargo, run},
    postgres,
};

/// Runs the long tests of failures one after the other. `cargo test` ignores these tests by default.
pub(crate) fn run_tests() -> Result<()> {
    let (url, _server) = postgres::provide()?;
    let mut test = cargo("test");
    test.args(["--release", "--package", "wts-server"]);
    for name in ["database_faults", "replicas", "overload"] {
        test.args(["--test", name]);
    }
    test.args(["--", "--ignored", "--nocapture", "--test-threads=1"]);
    run(test.env(postgres::URL_VARIABLE, url))
}
