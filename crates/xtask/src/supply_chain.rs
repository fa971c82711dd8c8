//! The rules of `deny.toml` for dependencies, checked by cargo-deny.

use std::{env, fs, path::PathBuf};

use anyhow::Result;

use crate::{
    command::{program, run, workspace},
    install::cargo_tool,
};

const CARGO_DENY_VERSION: &str = "0.20.2";

/// Checks licences, bans and sources of all dependencies, and their advisories if cargo-deny has fetched them before, which
/// needs the network. Returns what could not be checked.
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
    // The fuzz targets are a workspace of their own, of which nothing is delivered.
    let mut command = program(&cargo_deny);
    command.args(["--locked", "--log-level=error", "--manifest-path"]);
    command.arg(workspace().join("crates/fuzz/Cargo.toml"));
    run(command.args(["check", "bans", "sources"]))?;
    let unchecked = "what is known against dependencies: `cargo deny fetch` gets it";
    Ok((!has_advisories).then(|| unchecked.to_owned()))
}

/// Whether cargo-deny has fetched advisories before.
fn has_advisories() -> bool {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let databases = home.and_then(|home| fs::read_dir(home.join("advisory-dbs")).ok());
    databases.is_some_and(|mut databases| databases.next().is_some())
}
