//! Whether `wts-domain` still builds with the Rust that its manifest declares as the least.

use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use crate::{
    programs::on_path,
    test::{Unchecked, run_to_success},
    warden::Warden,
};

const DOMAIN: &str = "wts-domain";

/// Builds it, with every feature, by the toolchain of the declared version, which rustup is asked for where it is not here.
///
/// Where there is none to be had, the lints have to do: `clippy::incompatible_msrv` knows since when the standard library has
/// what.
///
/// # Errors
///
/// If it does not build, or its manifest declares no version.
pub(crate) fn check(warden: &mut Warden) -> Result<Option<Unchecked>> {
    let declared = declared()?;
    let toolchain = match toolchain(&declared) {
        Some(toolchain) => Some(toolchain),
        None => install(warden, &declared)?,
    };
    let Some(toolchain) = toolchain else {
        let left_out =
            format!("whether {DOMAIN} builds with Rust {declared}: there is no such toolchain");
        return Ok(Some(Unchecked(left_out)));
    };
    let mut command = Command::new("rustup");
    command.args(["run", &toolchain, "cargo", "check", "--package", DOMAIN]);
    command.args(["--all-features", "--target-dir", "target/minimum-rust"]);
    // What cargo has told this process of its own toolchain is not for the other one.
    for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    run_to_success(warden, &mut command)?;
    Ok(None)
}

/// The toolchain of this version, if rustup can get it.
fn install(warden: &mut Warden, version: &str) -> Result<Option<String>> {
    if on_path("rustup").is_none() {
        return Ok(None);
    }
    let mut command = Command::new("rustup");
    command.args(["toolchain", "install", version, "--no-self-update"]);
    command.args(["--profile", "minimal"]);
    let installed = warden.output(&mut command)?.status.success();
    Ok(installed.then(|| toolchain(version)).flatten())
}

/// `1.85`.
fn declared() -> Result<String> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .context("could not read the manifests")?;
    let version = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == DOMAIN)
        .and_then(|package| package.rust_version.as_ref())
        .with_context(|| format!("{DOMAIN} declares no rust-version"))?;
    Ok(format!("{}.{}", version.major, version.minor))
}

/// The toolchain of this version, if rustup is here and has it.
fn toolchain(version: &str) -> Option<String> {
    let listed = Command::new("rustup")
        .args(["toolchain", "list", "--quiet"])
        .output()
        .ok()?;
    let listed = String::from_utf8(listed.stdout).ok()?;
    of_version(&listed, version).map(ToOwned::to_owned)
}

fn of_version<'a>(listed: &'a str, version: &str) -> Option<&'a str> {
    listed.lines().find(|name| {
        name.strip_prefix(version)
            .is_some_and(|rest| rest.starts_with(['.', '-']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_is_known_by_its_version() {
        let listed = "stable-x86_64-unknown-linux-gnu\n1.8.0-x86_64-unknown-linux-gnu\n1.85.1-x86_64-unknown-linux-gnu\n";
        assert_eq!(
            of_version(listed, "1.85"),
            Some("1.85.1-x86_64-unknown-linux-gnu")
        );
        assert_eq!(
            of_version(listed, "1.8"),
            Some("1.8.0-x86_64-unknown-linux-gnu")
        );
        assert_eq!(of_version(listed, "1.89"), None);
    }

    #[test]
    fn the_domain_declares_a_minimum_that_is_older_than_the_services() {
        assert_eq!(declared().unwrap(), "1.85");
    }
}
