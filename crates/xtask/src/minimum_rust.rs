//! Whether `wts-domain` builds with the oldest Rust that its manifest allows.

use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use crate::command::{output, program, run};

const DOMAIN: &str = "wts-domain";

/// Checks the crate, with every feature, by the toolchain of that version, which rustup installs. Returns what could not be
/// checked, if rustup has no such toolchain; `clippy::incompatible_msrv` still knows which version of Rust added what to the
/// standard library.
pub(crate) fn check() -> Result<Option<String>> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let mut packages = metadata.packages.iter();
    let domain = packages.find(|package| package.name.as_str() == DOMAIN);
    let version = domain.and_then(|package| package.rust_version.as_ref());
    let version = version.with_context(|| format!("{DOMAIN} declares no rust-version"))?;
    let version = format!("{}.{}", version.major, version.minor);

    let is_installed = output(rustup("run").args([&version, "cargo", "--version"])).is_ok();
    let mut install = rustup("toolchain");
    install.args(["install", &version, "--profile=minimal", "--no-self-update"]);
    if !is_installed && output(&mut install).is_err() {
        return Ok(Some(format!(
            "whether {DOMAIN} builds with Rust {version}: rustup cannot install it here"
        )));
    }
    let mut check = rustup("run");
    check.args([&version, "cargo", "check", "--package", DOMAIN]);
    run(check.args(["--all-features", "--target-dir=target/minimum-rust"]))?;
    Ok(None)
}

/// A command of rustup, without the environment variables that cargo sets for its own toolchain.
fn rustup(name: &str) -> Command {
    let mut command = program("rustup");
    command.arg(name);
    for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    command
}
