//! `cargo xtask browser`: tests the pages in headless Chromium, and checks them with axe-core.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{
    command::{cargo, in_target, on_path, output, program, run, workspace},
    install::debian_package,
};

/// The version of axe-core, <https://github.com/dequelabs/axe-core>, from the npm registry.
const AXE_VERSION: &str = "4.14.1";
/// Names the file of axe-core.
const AXE_VARIABLE: &str = "WTS_TEST_AXE";
/// The environment variable with the path of the screenshot in the README.
const PICTURE_VARIABLE: &str = "WTS_TEST_PICTURE";
const PICTURE: &str = "crates/server/ticket-page.png";

/// Arguments of `cargo xtask browser`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Take the screenshot in the README again
    #[arg(long)]
    picture: bool,
}

/// Installs the browser and runs the tests.
pub(crate) fn run_tests(arguments: &Args) -> Result<()> {
    let axe = install().map_err(anyhow::Error::msg)?;
    let mut test = test(&axe);
    if arguments.picture {
        test.env(PICTURE_VARIABLE, workspace().join(PICTURE));
    }
    run(&mut test)
}

/// Runs the tests. Returns what could not be checked if the browser or axe-core cannot be installed here. The tests list what
/// else they could not check in `file`, which the environment variable names.
pub(crate) fn run_where_possible((variable, file): (&str, &Path)) -> Result<Option<String>> {
    match install() {
        Ok(axe) => run(test(&axe).env(variable, file)).map(|()| None),
        Err(reason) => Ok(Some(format!(
            "the pages in a browser, `cargo xtask browser`: {reason}"
        ))),
    }
}

/// Installs Chromium, `chromedriver` and axe-core. Returns the file of axe-core, or why one of them cannot be installed.
fn install() -> Result<PathBuf, String> {
    for name in ["chromium", "chromium-driver"] {
        let binary = name.replace("chromium-driver", "chromedriver");
        if let Err(error) = debian_package(name, || on_path(&binary).is_some(), "") {
            return Err(format!("{error:#}"));
        }
    }
    let directory = in_target("axe-core").join(AXE_VERSION);
    let file = directory.join("node_modules/axe-core/axe.min.js");
    if !file.is_file() {
        let Some(npm) = on_path("npm") else {
            return Err("npm is needed for axe-core, on Debian from the package npm".to_owned());
        };
        let mut npm = program(npm);
        npm.args([
            "install",
            "--silent",
            "--ignore-scripts",
            "--no-save",
            "--prefix",
        ]);
        if output(npm.arg(&directory).arg(format!("axe-core@{AXE_VERSION}"))).is_err() {
            return Err("axe-core cannot be installed from the npm registry".to_owned());
        }
    }
    Ok(file)
}

/// Returns the command that runs the tests.
fn test(axe: &Path) -> Command {
    let mut test = cargo("test");
    // The arguments of `cargo xtask test`, whose build is then used: features unify across the workspace.
    test.args(["--workspace", "--all-features", "--test", "browser"]);
    test.args(["--", "--ignored", "--test-threads=2"]);
    test.env(AXE_VARIABLE, axe);
    test
}
