//! Whether `wts-domain` builds with the oldest Rust that its manifest allows.

use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use crate::command::{output, program, run};

const DOMAIN: &str = "wts-domain";

/// Checks the crate, with every feature, by the toolchain of that version, which rustup installs. Returns what could not be
/// checked, if rustup has no such toolchain; `clippy::incompatible_msrv` still knows which version of Rust added what to the
/// standard library.
///
/// # Errors
///
/// If the crate does not build, or its manifest declares no version.
pub(crate) fn check() -> Result<Option<String>> {
    let version = declared_version()?;
    let is_there = output(&mut rustup(&["run", &version, "cargo", "--version"])).is_ok();
    let install = [
        "toolchain",
        "install",
        &version,
        "--profile",
        "minimal",
        "--no-self-update",
    ];
    if !is_there && output(&mut rustup(&install)).is_err() {
        let reason = "rustup cannot install it here";
        return Ok(Some(format!(
            "whether {DOMAIN} builds with Rust {version}: {reason}"
        )));
    }
    let mut check = rustup(&["run", &version, "cargo", "check", "--package", DOMAIN]);
    run(check.args(["--all-features", "--target-dir", "target/minimum-rust"]))?;
    Ok(None)
}

/// `rustup`, without the variables in which cargo has told this process of its own toolchain.
fn rustup(arguments: &[&str]) -> Command {
    let mut command = program("rustup");
    command.args(arguments);
    for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    command
}

/// Such as `1.85`.
fn declared_version() -> Result<String> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .context("could not read the manifests")?;
    let mut packages = metadata.packages.iter();
    let domain = packages.find(|package| package.name.as_str() == DOMAIN);
    let version = domain
        .and_then(|package| package.rust_version.as_ref())
        .with_context(|| format!("{DOMAIN} declares no rust-version"))?;
    Ok(format!("{}.{}", version.major, version.minor))
}
