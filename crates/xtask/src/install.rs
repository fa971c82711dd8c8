//! Installing the programs that a task needs and does not bring.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::command::{cargo, in_target, on_path, output, program, run};

/// Installs a Debian package unless what it brings is there. Root may do that, and a user whose `sudo` asks for no password.
pub(crate) fn debian_package(
    package: &str,
    is_there: impl Fn() -> bool,
    alternative: &str,
) -> Result<()> {
    if is_there() {
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
        "{package} is needed: install it, on Debian by `sudo apt-get install {package}`{alternative}"
    );
    ensure!(output(&mut apt_get("--version")).is_ok(), advice);
    println!("    {package} is needed: installing the Debian package, which stays on this system");
    run(&mut apt_get("update"))?;
    let install = format!("install --yes --no-install-recommends {package}");
    run(&mut apt_get(&install))?;
    ensure!(is_there(), "the Debian package does not bring it; {advice}");
    Ok(())
}

/// A program from crates.io: the one on `PATH` if it has this version, otherwise one that is installed in the target
/// directory.
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
        println!("    {name} is needed: installing it in {}", root.display());
        let package = format!("{name}@{version}");
        // Without optimization, which would take three times as long.
        let mut install = cargo("install");
        install.args(["--locked", "--quiet", "--debug", &package, "--root"]);
        run(install.arg(&root)).with_context(|| {
            format!("{name} is needed: run `cargo install --locked {package}`, or connect to the network")
        })?;
    }
    Ok(file)
}
