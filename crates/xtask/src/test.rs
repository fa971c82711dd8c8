//! `cargo xtask test`: the steps, in order, up to the first that fails.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::warden::Warden;
use crate::{layers, minimum_rust, module_cycles, postgres, schemathesis, supply};

/// Names the file in which tests list themselves that this system does not allow, and which would fail otherwise.
const SKIPPED_VARIABLE: &str = "WTS_TEST_SKIPPED";

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What `cargo test` gets besides, such as a part of a test's name
    #[arg(last = true, value_name = "CARGO_TEST_ARGS")]
    cargo_test: Vec<OsString>,
}

/// What could not be checked here, and why.
pub(crate) struct Unchecked(pub(crate) String);

/// Runs every step, and says at the end what could not be checked.
///
/// # Errors
///
/// At the first step that fails, naming it; the later ones do not run.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut warden = Warden::start()?;
    let mut unchecked = Vec::new();

    step("formatting", || {
        cargo(&mut warden, &["fmt", "--all", "--check"])
    })?;
    step("layers", || {
        layers::check()?;
        module_cycles::check()?;
        // Features unify across a workspace build; alone, each has only what its own manifest asks for.
        cargo(&mut warden, &["check", "--package", "wts-domain"])?;
        cargo(&mut warden, &["check", "--package", "wts-app"])
    })?;
    let left_out = step("wts-domain as a package", || {
        // Also with what is not committed yet: it is the next commit that is being tested.
        let package = ["package", "--package", "wts-domain", "--allow-dirty"];
        cargo(&mut warden, &package)?;
        minimum_rust::check(&mut warden)
    })?;
    unchecked.extend(left_out);
    unchecked.extend(step("supply chain", || supply::check(&mut warden))?);
    // Only the tests need it, but a missing server is better known before the long steps than after.
    let database = step("PostgreSQL", || postgres::provide(&mut warden))?;
    step("lints", || {
        let mut command = cargo_command(&["clippy", "--workspace", "--all-targets"]);
        command.args(["--all-features", "--", "-D", "warnings"]);
        run_to_success(&mut warden, &mut command)
    })?;
    step("documentation", || {
        let mut command = cargo_command(&["doc", "--workspace", "--no-deps", "--all-features"]);
        command.env("RUSTDOCFLAGS", "-D warnings");
        run_to_success(&mut warden, &mut command)
    })?;
    let skipped = tempfile::NamedTempFile::new()?;
    step("tests", || {
        let mut command = cargo_command(&["test", "--workspace", "--all-features"]);
        command.args(&args.cargo_test);
        command.env(postgres::URL_VARIABLE, database);
        command.env(SKIPPED_VARIABLE, skipped.path());
        run_to_success(&mut warden, &mut command)
    })?;
    let left_out = step("schemathesis", || schemathesis::run_briefly(&mut warden))?;
    unchecked.extend(left_out);

    unchecked.push(Unchecked(
        "whether the fuzz targets build, which takes a C++ compiler: `cargo xtask fuzz`".to_owned(),
    ));
    println!("\n==> every step passed");
    let skipped = fs::read_to_string(skipped.path())?;
    let skipped = skipped.lines();
    unchecked
        .extend(skipped.map(|test| Unchecked(format!("{test}, which this system does not allow"))));
    for Unchecked(left_out) in unchecked {
        println!("    NOT CHECKED HERE: {left_out}");
    }
    Ok(())
}

fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n==> {name}");
    work().with_context(|| format!("the step \"{name}\" failed"))
}

fn cargo(warden: &mut Warden, args: &[&str]) -> Result<()> {
    run_to_success(warden, &mut cargo_command(args))
}

pub(crate) fn cargo_command(args: &[&str]) -> Command {
    // Cargo names itself to what it runs: the same toolchain for every step.
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}

pub(crate) fn run_to_success(warden: &mut Warden, command: &mut Command) -> Result<()> {
    let args: Vec<_> = command
        .get_args()
        .map(|arg| arg.to_string_lossy())
        .collect();
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or_default();
    let line = format!("{} {}", program.display(), args.join(" "));
    println!("    {line}");
    let status = warden.run(command)?;
    ensure!(status.success(), "`{line}` ended with {status}");
    Ok(())
}
