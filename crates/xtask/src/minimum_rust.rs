//! Checks that `wts-domain` builds with its minimum Rust version.

use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use crate::command::{output, program, run};

const DOMAIN: &str = "wts-domain";

/// Checks the crate with all features and the toolchain of its `rust-version`, which rustup installs. If rustup cannot
/// install it, returns a description of what was not checked; even then, `clippy::incompatible_msrv` reports newer APIs
/// of the standard library.
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

/// Returns a rustup command without the environment variables that cargo sets for its own toolchain.
fn rustup(name: &str) -> Command {
    let mut command = program("rustup");
    command.arg(name);
    for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    command
}
