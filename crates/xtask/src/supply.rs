//! What the dependencies may be: the rules of `deny.toml` that can be checked without a network.

mod rules;

use std::{collections::HashSet, fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::MetadataCommand;
use serde::Deserialize;

use self::rules::{Package, Rules};
use crate::{test::Unchecked, warden::Warden};

/// The crate of the fuzz targets, which is a workspace of its own.
const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz");

/// Checks licences, bans and sources of everything that is built for any reason, and that no crate of ours may be unsafe.
/// Where `cargo deny` is installed, it checks the same once more, by itself, and advisories as far as they are known on this
/// machine.
///
/// Gives what could not be checked here.
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
    wrongs.extend(
        for_fuzzing_only()?
            .iter()
            .flat_map(|name| rules.bans_of(name)),
    );
    wrongs.extend(members_that_may_be_unsafe()?);
    if !wrongs.is_empty() {
        bail!("{}", wrongs.join("\n  "));
    }
    println!("    {} packages, all allowed", packages.len());

    if !has_cargo_deny() {
        return Ok(Some(Unchecked(
            "what is known against dependencies: cargo-deny is not installed".to_owned(),
        )));
    }
    let mut command = Command::new("cargo");
    command.args(["deny", "--offline", "--log-level", "error"]);
    command.args(["check", "licenses", "bans", "sources"]);
    let knows_advisories = knows_advisories();
    if knows_advisories {
        command.arg("advisories");
    }
    let status = warden.run(&mut command)?;
    ensure!(status.success(), "`cargo deny` ended with {status}");
    Ok((!knows_advisories).then(|| {
        Unchecked("what is known against dependencies: `cargo deny fetch` gets it".to_owned())
    }))
}

/// Whether `cargo deny` has fetched advisories before.
fn knows_advisories() -> bool {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    home.and_then(|home| fs::read_dir(home.join("advisory-dbs")).ok())
        .is_some_and(|mut databases| databases.next().is_some())
}

/// The packages that nothing but the fuzz targets need. They are not built here, and all but their names is theirs.
///
/// # Errors
///
/// If one comes from anywhere but the registry.
fn for_fuzzing_only() -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        name: String,
        source: Option<String>,
    }

    let read = |path: String| -> Result<Lock> {
        toml::from_str(&fs::read_to_string(&path)?).with_context(|| path)
    };
    let root = read(format!("{FUZZ}/../../Cargo.lock"))?;
    let known: HashSet<_> = root.package.iter().map(|package| &package.name).collect();
    let mut names = Vec::new();
    for package in read(format!("{FUZZ}/Cargo.lock"))?.package {
        let Some(source) = package.source else {
            continue; // our own
        };
        ensure!(
            source.starts_with("registry+https://github.com/rust-lang/crates.io-index"),
            "{} comes from {source}, not the registry",
            package.name
        );
        if !known.contains(&package.name) {
            names.push(package.name);
        }
    }
    Ok(names)
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
    let members = metadata.workspace_packages();
    let manifests = members.iter().map(|package| package.manifest_path.as_str());
    let for_fuzzing = format!("{FUZZ}/Cargo.toml");
    for path in manifests.chain([for_fuzzing.as_str()]) {
        let manifest = manifest(path)?;
        let lints = manifest.get("lints");
        let inherits = lints
            .and_then(|lints| lints.get("workspace")?.as_bool())
            .unwrap_or_default();
        if !(inherits && workspace_forbids || forbids(lints)) {
            wrongs.push(format!("{path} does not forbid unsafe_code"));
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

    #[test]
    fn what_only_the_fuzz_targets_need_is_looked_at_too() {
        let names = for_fuzzing_only().unwrap();
        assert!(names.contains(&"libfuzzer-sys".to_owned()), "{names:?}");
        assert!(!names.contains(&"serde".to_owned()), "{names:?}");
    }
}
