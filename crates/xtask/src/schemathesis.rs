//! `cargo xtask schemathesis`: sends valid and invalid requests, generated from the OpenAPI description, to the
//! service, and checks that every response conforms to the description.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result};

use crate::command::{Background, cargo, in_target, on_path, output, program, run, workspace};

/// The version of schemathesis (<https://schemathesis.io>).
const VERSION: &str = "4.32.5";
/// The file with the pinned versions of schemathesis and its dependencies.
const VERSIONS: &str = "crates/xtask/src/schemathesis.txt";
/// The configuration file of schemathesis.
const CONFIG: &str = "crates/xtask/src/schemathesis.toml";
/// The file with the OpenAPI description. A test checks that the service returns the same description.
const DESCRIPTION: &str = "crates/adapter-http/openapi.json";
/// The number of examples of each kind in `cargo xtask test`.
const BRIEF_EXAMPLES: u32 = 25;

/// Arguments of `cargo xtask schemathesis`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Number of examples of each kind
    #[arg(long, default_value_t = 1_000)]
    examples: u32,
}

/// Builds the service and tests it with the given number of examples.
pub(crate) fn run_at_length(arguments: &Args) -> Result<()> {
    run(cargo("build").args(["--package", "wts-server"]))?;
    let schemathesis = install()?.map_err(anyhow::Error::msg)?;
    test_service(&schemathesis, arguments.examples)
}

/// Tests the service, which must have been built, for two minutes. If Python or its packages are not available,
/// returns a description of what was not checked.
pub(crate) fn run_briefly() -> Result<Option<String>> {
    match install()? {
        Ok(schemathesis) => test_service(&schemathesis, BRIEF_EXAMPLES).map(|()| None),
        Err(reason) => Ok(Some(format!(
            "whether every response conforms to the OpenAPI description: {reason}"
        ))),
    }
}

/// Installs schemathesis in a Python environment in the target directory. Returns its path, or the reason why it cannot
/// be installed on this system.
fn install() -> Result<Result<PathBuf, &'static str>> {
    let environment = in_target("schemathesis").join(VERSION);
    let schemathesis = environment.join("bin/schemathesis");
    if schemathesis.is_file() {
        return Ok(Ok(schemathesis));
    }
    let Some(python) = on_path("python3") else {
        return Ok(Err("python3 is not installed"));
    };
    let mut venv = program(python);
    if output(venv.args(["-m", "venv", "--clear"]).arg(&environment)).is_err() {
        return Ok(Err("python3 lacks the modules venv and pip"));
    }
    let mut pip = program(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    pip.arg("--constraint").arg(workspace().join(VERSIONS));
    match output(pip.arg(format!("schemathesis=={VERSION}"))) {
        Ok(_) => Ok(Ok(schemathesis)),
        Err(error) if is_offline(&error.to_string()) => {
            Ok(Err("the Python package index is not reachable"))
        }
        Err(error) => Err(error),
    }
}

/// Returns whether an error of pip is a connection error.
fn is_offline(message: &str) -> bool {
    let words = ["connection", "Connection", "ConnectTimeout", "ProxyError"];
    words.iter().any(|word| message.contains(word))
}

fn test_service(schemathesis: &Path, examples: u32) -> Result<()> {
    let directory = tempfile::tempdir().context("could not create a directory")?;
    let demo = directory.path().join("demo");
    let mut wts = program(in_target("debug/wts"));
    wts.args(["demo", "--port", "0"])
        .env("TMPDIR", directory.path())
        .stdout(File::create(&demo).context("could not create a file")?)
        .stderr(Stdio::null());
    let (_service, (url, tokens)) = Background::start_until(&mut wts, &demo, parse_demo_output)?;

    // The tokens belong to users of the sample data.
    let [owner, _stranger, operator] =
        tokens.map(|token| format!("--header=Authorization: Bearer {token}"));
    let served = format!("{url}/api/v3/openapi.json");
    // With `If-None-Match: *`, the request for the description itself would get 304, so the description is read from
    // the file.
    let description = workspace().join(DESCRIPTION).display().to_string();
    let tag = "--header=If-None-Match: *".to_owned();
    let callers = [
        ("the ticket's owner", vec![owner.clone(), served.clone()]),
        (
            "its owner, with a tag",
            vec![owner, tag, format!("--url={url}"), description],
        ),
        ("an operator", vec![operator, served.clone()]),
        ("a caller without a token", vec![served]),
    ];
    for (caller, arguments) in callers {
        println!("    as {caller}");
        let mut command = program(schemathesis);
        command.arg("--config-file").arg(workspace().join(CONFIG));
        command.args(["run", "--checks=all", "--continue-on-failure"]);
        command.arg(format!("--max-examples={examples}"));
        let report = output(command.args(arguments).current_dir(directory.path()))?;
        let cases = report.lines().find(|line| line.contains(" generated, "));
        let cases = cases.context("schemathesis sent no request")?;
        println!("      {}", cases.trim());
    }
    Ok(())
}

/// Returns the URL of the demo and the tokens in its three examples; `None` until all have been printed.
fn parse_demo_output(printed: &str) -> Option<(String, [String; 3])> {
    let (_, after) = printed.split_once("http://")?;
    let address = after.split_whitespace().next()?;
    let tokens: Vec<_> = printed
        .split("Bearer ")
        .skip(1)
        .filter_map(|after| Some(after.split_once('\'')?.0.to_owned()))
        .collect();
    Some((format!("http://{address}"), tokens.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connection_errors_of_pip_mean_offline() {
        let offline = "WARNING: Retrying after connection broken by 'NewConnectionError(Failed to establish a new \
                       connection: [Errno -3] Temporary failure in name resolution')': /simple/schemathesis/";
        assert!(is_offline(offline));
        let wrong = "ERROR: Could not find a version that satisfies the requirement schemathesis==0 (from versions: 1)";
        assert!(!is_offline(wrong));
    }

    #[test]
    fn pinned_version_equals_requested_version() {
        let own = format!("schemathesis=={VERSION}");
        let versions = include_str!("schemathesis.txt");
        assert!(versions.lines().any(|line| line == own));
    }

    #[test]
    fn demo_output_is_parsed_once_complete() {
        let printed = "A campus at http://127.0.0.1:8080 until\n\
                    curl 'http://127.0.0.1:8080/x' -H 'Authorization: Bearer a'\n\
                    curl 'http://127.0.0.1:8080/x' -H 'Authorization: Bearer b'\n\
                    curl 'http://127.0.0.1:8080/x' -H 'Authorization: Bearer c'\n";
        let tokens = ["a", "b", "c"].map(str::to_owned);
        let expected = Some(("http://127.0.0.1:8080".to_owned(), tokens));
        assert_eq!(parse_demo_output(printed), expected);
        assert_eq!(
            parse_demo_output(printed.strip_suffix("c'\n").unwrap()),
            None
        );
    }
}
