//! Installs the programs that tasks need.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::command::{cargo, in_target, on_path, output, program, run};

/// Installs a Debian package unless `is_installed` returns true. This requires root, or `sudo` without a password.
pub(crate) fn debian_package(
    package: &str,
    is_installed: impl Fn() -> bool,
    alternative: &str,
) -> Result<()> {
    if is_installed() {
        return Ok(());
    }
    let prefix = if rustix::process::geteuid().is_root() {
        "env"
    } else {
        "sudo -n env"
    };
    let apt_get = |arguments: &str| {
        let line = format!("{prefix} DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 {arguments}");
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).stdin(Stdio::null());
        command
    };
    let advice = format!(
        "{package} is required: install it, on Debian with `sudo apt-get install {package}`{alternative}"
    );
    ensure!(output(&mut apt_get("--version")).is_ok(), advice);
    println!("    {package} is required: installing the Debian package permanently");
    run(&mut apt_get("update"))?;
    let install = format!("install --yes --no-install-recommends {package}");
    run(&mut apt_get(&install))?;
    ensure!(
        is_installed(),
        "the Debian package does not contain the program; {advice}"
    );
    Ok(())
}

/// Returns the path of a program from crates.io: the one on `PATH` if it has this version, otherwise one that is
/// installed in the target directory.
pub(crate) fn cargo_tool(name: &str, version: &str) -> Result<PathBuf> {
    if let Some(file) = on_path(name) {
        let described = output(program(&file).arg("--version")).unwrap_or_default();
        if described.split_whitespace().any(|word| word == version) {
            return Ok(file);
        }
    }
    let root = in_target(format!("tools/{name}-{version}"));
    let file = root.join("bin").join(name);
    if !file.is_file() {
        println!(
            "    {name} is required: installing it in {}",
            root.display()
        );
        let package = format!("{name}@{version}");
        // A build with optimization would take three times as long.
        let mut install = cargo("install");
        install.args(["--locked", "--quiet", "--debug", &package, "--root"]);
        run(install.arg(&root)).with_context(|| {
            format!("{name} is required: run `cargo install --locked {package}`, or connect to the network")
        })?;
    }
    Ok(file)
}
