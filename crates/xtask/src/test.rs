//! `cargo xtask test`: runs all checks in order, and stops at the first that fails.

use std::{ffi::OsString, fs};

use anyhow::{Context, Result};

use crate::{
    browser,
    command::{cargo, run},
    dependency_rules, minimum_rust, module_cycles, postgres, schemathesis, supply_chain,
};

/// The environment variable with the path of a file in which tests list themselves, and what they could not check on this
/// system.
const SKIPPED_VARIABLE: &str = "WTS_TEST_SKIPPED";

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Additional arguments of `cargo test`, such as a part of a test name
    #[arg(last = true, value_name = "CARGO_TEST_ARGS")]
    cargo_test: Vec<OsString>,
}

/// Runs every step, and finally prints what could not be checked.
pub(crate) fn run_steps(args: &Args) -> Result<()> {
    let mut unchecked = Vec::new();

    step(
        "formatting",
        || run(cargo("fmt").args(["--all", "--check"])),
    )?;
    step("layers", || {
        dependency_rules::check()?;
        module_cycles::check()?;
        // A workspace build unifies features, so each crate is also checked with only its own features.
        run(cargo("check").args(["--package", "wts-domain"]))?;
        run(cargo("check").args(["--package", "wts-app"]))
    })?;
    unchecked.extend(step("wts-domain as a package", || {
        // Uncommitted changes are included, because they are part of the next commit.
        run(cargo("package").args(["--package", "wts-domain", "--allow-dirty"]))?;
        minimum_rust::check()
    })?);
    unchecked.extend(step("supply chain", supply_chain::check)?);
    // Only the tests need PostgreSQL, but a missing server should be reported before the long steps.
    let (url, _server) = step("PostgreSQL", postgres::provide)?;
    step("lints", || {
        let mut clippy = cargo("clippy");
        clippy.args(["--workspace", "--all-targets", "--all-features"]);
        run(clippy.args(["--", "-D", "warnings", "-F", "unsafe_code"]))
    })?;
    step("documentation", || {
        let mut doc = cargo("doc");
        doc.args(["--workspace", "--no-deps", "--all-features"]);
        run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    let skipped = tempfile::NamedTempFile::new()?;
    step("tests", || {
        let mut test = cargo("test");
        test.args(["--workspace", "--all-features"]);
        test.args(&args.cargo_test);
        test.env(postgres::URL_VARIABLE, url);
        run(test.env(SKIPPED_VARIABLE, skipped.path()))
    })?;
    unchecked.extend(step("pages in a browser", || {
        browser::run_where_possible((SKIPPED_VARIABLE, skipped.path()))
    })?);
    unchecked.extend(step("schemathesis", schemathesis::run_briefly)?);

    println!("\n==> every step passed");
    let skipped = fs::read_to_string(skipped.path())?;
    unchecked.extend(skipped.lines().map(|skipped| format!("test {skipped}")));
    unchecked.push(
        "whether the fuzz targets build: run `cargo xtask fuzz`, which needs a C++ compiler"
            .to_owned(),
    );
    for what in unchecked {
        println!("    NOT CHECKED HERE: {what}");
    }
    Ok(())
}

fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n==> {name}");
    work().with_context(|| format!("the step \"{name}\" failed"))
}
