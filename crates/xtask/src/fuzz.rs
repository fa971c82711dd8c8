//! `cargo xtask fuzz`: runs the fuzz targets, which pass random inputs to the parsers of untrusted data.

use anyhow::{Context, Result};

use crate::{
    command::{program, run, workspace},
    install::cargo_tool,
};

const CARGO_FUZZ_VERSION: &str = "0.13.2";
const TARGETS: [&str; 5] = ["authorization", "claims", "import", "query", "settings"];

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Targets to run; all by default
    #[arg(value_parser = TARGETS, default_values = TARGETS)]
    targets: Vec<String>,
    /// Seconds to run each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Builds the fuzz targets and runs them one after the other. An input that makes a target fail is written to
/// `crates/fuzz/artifacts`. After the fix, such an input should be moved to `crates/fuzz/corpus`, because the unit
/// tests run the targets with the corpus.
pub(crate) fn run_targets(arguments: &Args) -> Result<()> {
    let cargo_fuzz = cargo_tool("cargo-fuzz", CARGO_FUZZ_VERSION)?;
    let directory = workspace().join("crates/fuzz");
    for target in &arguments.targets {
        println!("\n==> {target}, for {} seconds", arguments.seconds);
        // New inputs are discarded, to keep the corpus small.
        let found = tempfile::tempdir().context("could not create a directory for new inputs")?;
        let mut fuzz = program(&cargo_fuzz);
        // Sanitizers need a nightly toolchain, and find little in code without `unsafe`.
        fuzz.args(["run", "--sanitizer", "none", "--fuzz-dir"])
            .arg(&directory);
        fuzz.arg(target)
            .arg(found.path())
            .arg(directory.join("corpus").join(target));
        fuzz.args(["--", &format!("-max_total_time={}", arguments.seconds)]);
        fuzz.args(["-max_len=16384", "-timeout=5"]);
        fuzz.args(["-rss_limit_mb=1024", "-print_final_stats=1"]);
        run(&mut fuzz)?;
    }
    println!("\n==> no fuzz target failed");
    Ok(())
}
