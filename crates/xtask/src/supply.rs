//! What the dependencies may be: the rules of `deny.toml` that can be checked without a network.

mod rules;

use std::{fs, process::Command};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::MetadataCommand;

use self::rules::{Package, Rules};
use crate::{test::Unchecked, warden::Warden};

/// Checks licences, bans and sources of everything that is built for any reason, and that no crate of ours may be unsafe.
/// Where `cargo deny` is installed, it checks the same once more, by itself.
///
/// # Errors
///
/// If a dependency is against the rules; every such one is named.
pub(crate) fn check(warden: &mut Warden) -> Result<Option<Unchecked>> {
    let rules: Rules = toml::from_str(include_str!("../../../deny.toml")).context("deny.toml")?;
    let packages = packages()?;
    let mut wrongs: Vec<_> = packages
        .iter()
        .flat_map(|package| rules.violations(package))
        .collect();
    wrongs.extend(members_that_may_be_unsafe()?);
    if !wrongs.is_empty() {
        bail!("{}", wrongs.join("\n  "));
    }
    println!("    {} packages, all allowed", packages.len());

    if has_cargo_deny() {
        let mut command = Command::new("cargo");
        command.args(["deny", "--offline", "--log-level", "error"]);
        command.args(["check", "licenses", "bans", "sources"]);
        let status = warden.run(&mut command)?;
        ensure!(status.success(), "`cargo deny` ended with {status}");
    }
    // They change by themselves, so who wants to know asks for them by name.
    let advisories =
        "what has been found out about dependencies since: `cargo deny check advisories`";
    Ok(Some(Unchecked(advisories.to_owned())))
}

fn has_cargo_deny() -> bool {
    let mut command = Command::new("cargo-deny");
    command
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Everything that is built, with all features of ours, for the product, its build or its tests.
fn packages() -> Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--workspace", "--all-features"])
        .args(["--prefix=none", "--edges=normal,build,dev"])
        .arg("--format={p}|{l}|{f}")
        .output()
        .context("could not run cargo tree")?;
    ensure!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut lines: Vec<_> = str::from_utf8(&output.stdout)?.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    lines
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(str::parse)
        .collect()
}

fn members_that_may_be_unsafe() -> Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .context("could not read the manifests")?;
    let root = manifest(metadata.workspace_root.join("Cargo.toml").as_str())?;
    let forbids = |lints: Option<&toml::Value>| {
        lints
            .and_then(|lints| lints.get("rust")?.get("unsafe_code")?.as_str())
            .is_some_and(|level| level == "forbid")
    };
    let workspace_forbids = forbids(root.get("workspace").and_then(|table| table.get("lints")));
    let mut wrongs = Vec::new();
    for package in metadata.workspace_packages() {
        let manifest = manifest(package.manifest_path.as_str())?;
        let lints = manifest.get("lints");
        let inherits = lints
            .and_then(|lints| lints.get("workspace")?.as_bool())
            .unwrap_or_default();
        if !(inherits && workspace_forbids || forbids(lints)) {
            wrongs.push(format!("{} does not forbid unsafe_code", package.name));
        }
    }
    Ok(wrongs)
}

fn manifest(path: &str) -> Result<toml::Table> {
    fs::read_to_string(path)?
        .parse()
        .with_context(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_keeps_the_rules() {
        check(&mut Warden::start().unwrap()).unwrap();
    }
}
