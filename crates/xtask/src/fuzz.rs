//! `cargo xtask fuzz`: feeds random inputs to the code that reads foreign data, looking for a panic.

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
    /// The targets to run; all by default
    #[arg(value_parser = TARGETS, default_values = TARGETS)]
    targets: Vec<String>,
    /// How many seconds to run each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Builds the targets and runs them one after the other. An input that breaks something is kept in `crates/fuzz/artifacts`;
/// after the fix it belongs into the target's `crates/fuzz/corpus`, which every test run replays.
pub(crate) fn run_targets(arguments: &Args) -> Result<()> {
    let cargo_fuzz = cargo_tool("cargo-fuzz", CARGO_FUZZ_VERSION)?;
    let directory = workspace().join("crates/fuzz");
    for target in &arguments.targets {
        println!("\n==> {target}, for {} seconds", arguments.seconds);
        // New inputs are of no further use: the corpus that is kept is small and chosen.
        let found = tempfile::tempdir().context("could not create a directory for new inputs")?;
        let mut fuzz = program(&cargo_fuzz);
        // Sanitizers need a nightly toolchain, and find little where no code is unsafe.
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
    println!("\n==> nothing broke");
    Ok(())
}
