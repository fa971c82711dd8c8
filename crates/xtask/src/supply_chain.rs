//! Checks dependencies with cargo-deny, by the rules in `deny.toml`.

use std::{env, fs, path::PathBuf};

use anyhow::Result;

use crate::{
    command::{program, run, workspace},
    install::cargo_tool,
};

const CARGO_DENY_VERSION: &str = "0.20.2";

/// Checks the licences, bans and sources of all dependencies. Security advisories are checked only if cargo-deny has
/// downloaded its database before. Returns a description of what could not be checked.
pub(crate) fn check() -> Result<Option<String>> {
    let cargo_deny = cargo_tool("cargo-deny", CARGO_DENY_VERSION)?;
    let has_advisories = has_advisories();
    let mut command = program(&cargo_deny);
    command.args(["--locked", "--log-level=error", "check"]);
    command.args(["bans", "licenses", "sources"]);
    if has_advisories {
        command.args(["--disable-fetch", "advisories"]);
    }
    run(&mut command)?;
    // The fuzz targets are a separate workspace, which is not part of a release.
    let mut command = program(&cargo_deny);
    command.args(["--locked", "--log-level=error", "--manifest-path"]);
    command.arg(workspace().join("crates/fuzz/Cargo.toml"));
    run(command.args(["check", "bans", "sources"]))?;
    let unchecked = "security advisories of dependencies: run `cargo deny fetch` to download them";
    Ok((!has_advisories).then(|| unchecked.to_owned()))
}

/// Returns whether cargo-deny has downloaded an advisory database before.
fn has_advisories() -> bool {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let databases = home.and_then(|home| fs::read_dir(home.join("advisory-dbs")).ok());
    databases.is_some_and(|mut databases| databases.next().is_some())
}
