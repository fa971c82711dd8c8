//! `cargo xtask faults`: how the service behaves for minutes while what it depends on fails, with the figures.

use anyhow::Result;

use crate::{
    command::{cargo, run},
    postgres::{TestServer, URL_VARIABLE},
};

/// Runs the long tests of faults, which are ignored elsewhere, one after the other.
pub(crate) fn run_tests() -> Result<()> {
    let server = TestServer::provide()?;
    let mut test = cargo("test");
    test.args(["--release", "--package", "wts-server"]);
    test.args([
        "--test",
        "database_faults",
        "--test",
        "replicas",
        "--test",
        "overload",
    ]);
    test.args(["--", "--ignored", "--nocapture", "--test-threads=1"]);
    run(test.env(URL_VARIABLE, server.url()))
}
