//! `cargo xtask faults`: how the service behaves for minutes while what it depends on fails, with the figures.

use anyhow::Result;

use crate::{
    command::{cargo, run},
    postgres,
};

/// Runs the long tests of faults, which are ignored elsewhere, one after the other.
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
