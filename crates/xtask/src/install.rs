//! Installing the programs that a task needs and does not bring.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::command::{cargo, in_target, on_path, output, program, run};

/// Installs a Debian package unless what it brings is there. Root may do that, and a user whose `sudo` asks for no password.
///
/// # Errors
///
/// If this user may not, or the system has no `apt-get`, with what to do instead; if the installation fails.
pub(crate) fn debian_package(
    package: &str,
    is_there: impl Fn() -> bool,
    instead: &str,
) -> Result<()> {
    if is_there() {
        return Ok(());
    }
    let by_hand =
        format!("install {package}, on Debian by `sudo apt-get install {package}`{instead}");
    let prefix: &[&str] = if rustix::process::geteuid().is_root() {
        &["env"]
    } else {
        &["sudo", "-n", "env"]
    };
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new(prefix.first().unwrap_or(&"env"));
        apt.args(prefix.get(1..).unwrap_or_default());
        apt.arg("DEBIAN_FRONTEND=noninteractive").args(arguments);
        apt.stdin(Stdio::null());
        apt
    };
    let may_install = apt(&["apt-get", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    ensure!(may_install, "{package} is needed: {by_hand}");
    println!("    {package} is needed: installing the Debian package, which stays on this system");
    run(&mut apt(&["apt-get", "update"]))?;
    run(&mut apt(&[
        "apt-get",
        "install",
        "-y",
        "--no-install-recommends",
        package,
    ]))?;
    ensure!(
        is_there(),
        "{package} was installed, but cannot be found: {by_hand}"
    );
    Ok(())
}

/// A program from crates.io: the one on `PATH` if it has this version, otherwise one that is installed in the target
/// directory.
///
/// # Errors
///
/// If it cannot be installed, with how to do that by hand.
pub(crate) fn cargo_tool(name: &str, version: &str) -> Result<PathBuf> {
    if let Some(file) = on_path(name) {
        let described = output(program(&file).arg("--version")).unwrap_or_default();
        if described.split_whitespace().nth(1) == Some(version) {
            return Ok(file);
        }
    }
    let root = in_target(format!("tools/{name}-{version}"));
    let file = root.join("bin").join(name);
    if !file.is_file() {
        let package = format!("{name}@{version}");
        println!(
            "    {name} is needed: installing {package} in {}",
            root.display()
        );
        // Without optimization, which would take three times as long.
        let mut install = cargo(&["install", "--locked", "--quiet", "--debug"]);
        run(install.arg(&package).arg("--root").arg(&root)).with_context(|| {
            format!("{name} is needed, and could not be installed: run `cargo install --locked {package}`")
        })?;
    }
    Ok(file)
}
