//! `cargo xtask faults`: tests the service for minutes while its dependencies fail, and prints the measurements.

use anyhow::Result;
use clap::{Parser, builder::PossibleValuesParser};

use crate::{
    command::{cargo, run},
    postgres,
};

#[derive(Parser)]
pub(crate) struct Args {
    /// Run only these tests
    #[arg(value_parser = PossibleValuesParser::new(TESTS))]
    tests: Vec<String>,
}

const TESTS: [&str; 4] = ["database_faults", "feed_faults", "replicas", "overload"];

/// Runs the long tests of failures one after the other. `cargo test` ignores these tests by default.
pub(crate) fn run_tests(arguments: &Args) -> Result<()> {
    let (url, _server) = postgres::provide()?;
    let mut test = cargo("test");
    test.args(["--release", "--package", "wts-server"]);
    let chosen = &arguments.tests;
    for name in TESTS {
        if chosen.is_empty() || chosen.iter().any(|test| test == name) {
            test.args(["--test", name]);
        }
    }
    test.args(["--", "--ignored", "--nocapture", "--test-threads=1"]);
    run(test.env(postgres::URL_VARIABLE, url))
}
