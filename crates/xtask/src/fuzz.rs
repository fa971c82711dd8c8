//! `cargo xtask fuzz`: feeds made-up inputs to whatever reads what others wrote, for a while, looking for a panic.
//!
//! The fuzzer is libFuzzer. It builds with any toolchain and a C++ compiler: what tells it where an input went are counters
//! that LLVM puts in, which takes flags but no unstable ones.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::warden::Warden;

const TARGETS: [&str; 5] = ["authorization", "claims", "import", "query", "settings"];

/// Counters on every edge, and what is compared with what; and assertions as in tests.
const INSTRUMENTATION: &str = "-Cpasses=sancov-module \
     -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
     -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares \
     -Ccodegen-units=1";

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to feed; everything by default
    #[arg(value_parser = TARGETS)]
    targets: Vec<String>,
    /// For how many seconds each
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Builds the targets and runs them one after the other. An input that breaks something is kept in `crates/fuzz/artifacts`; once
/// that is mended, it belongs into the target's `crates/fuzz/corpus`, which every test run replays.
///
/// # Errors
///
/// If something broke, or could not be built.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut warden = Warden::start()?;
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let host = host()?;
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build
        .args(["build", "--release", "--manifest-path"])
        .arg(fuzz.join("Cargo.toml"))
        // With a target named, build scripts and macros are left as they are.
        .args(["--target", &host, "--target-dir"])
        .arg(fuzz.join("target"))
        .env("RUSTFLAGS", INSTRUMENTATION);
    let status = warden.run(&mut build)?;
    ensure!(
        status.success(),
        "building the fuzz targets ended with {status}"
    );

    let binaries = fuzz.join("target").join(host).join("release");
    let targets = if args.targets.is_empty() {
        TARGETS.map(ToOwned::to_owned).to_vec()
    } else {
        args.targets.clone()
    };
    for target in &targets {
        println!("\n==> {target}, for {} seconds", args.seconds);
        feed(
            &mut warden,
            &fuzz,
            &binaries.join(target),
            target,
            args.seconds,
        )?;
    }
    println!("\n==> nothing broke");
    Ok(())
}

fn feed(warden: &mut Warden, fuzz: &Path, binary: &Path, target: &str, seconds: u32) -> Result<()> {
    // What is found on the way is of no further use: the corpus that is kept is small and chosen.
    let found = tempfile::tempdir().context("could not make a directory for new inputs")?;
    let artifacts: PathBuf = fuzz.join("artifacts").join(target);
    fs::create_dir_all(&artifacts).context("could not make a directory for what breaks")?;
    let mut command = Command::new(binary);
    command
        .arg(found.path())
        .arg(fuzz.join("corpus").join(target))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        .args([
            "-max_len=16384",
            "-timeout=5",
            "-rss_limit_mb=1024",
            "-verbosity=1",
            "-print_final_stats=1",
        ]);
    let status = warden.run(&mut command)?;
    ensure!(
        status.success(),
        "{target} broke; the input is in {}",
        artifacts.display()
    );
    Ok(())
}

/// What this machine is, in Rust's words.
fn host() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("could not run rustc")?;
    str::from_utf8(&output.stdout)?
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(ToOwned::to_owned)
        .context("rustc does not say what host it is for")
}
