//! `cargo xtask schemathesis`: the real service, asked for all that its own description allows and much that it does
//! not. No answer may be other than described.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::programs::{built, on_path};
use crate::test::{Unchecked, cargo_command, run_to_success};
use crate::warden::Warden;

/// Of schemathesis, <https://schemathesis.io>.
const VERSION: &str = "4.32.5";
/// Of that and of all that it needs.
const VERSIONS: &str = include_str!("schemathesis.txt");
/// What the service serves, as a test sees to.
const DESCRIPTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../adapter-http/openapi.json");
/// What is asked of whom besides what the description says.
const CONFIG: &str = include_str!("schemathesis.toml");
/// How many examples of each kind are tried in every run of the tests.
const FEW: u32 = 25;
const PATIENCE: Duration = Duration::from_secs(60);

/// Arguments of `cargo xtask schemathesis`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many examples of each kind to try
    #[arg(long, default_value_t = 1_000)]
    examples: u32,
}

/// Builds the service and asks it.
///
/// # Errors
///
/// If an answer is not as described, or nobody can ask.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut warden = Warden::start()?;
    let mut build = cargo_command(&["build", "--package", "wts-server"]);
    run_to_success(&mut warden, &mut build)?;
    let schemathesis = install(&mut warden)?.map_err(anyhow::Error::msg)?;
    ask(&mut warden, &schemathesis, args.examples)
}

/// Asks the service that the tests have built, for a few seconds, where Python and its packages are at hand.
///
/// # Errors
///
/// If an answer is not as described, or schemathesis cannot be installed for another reason.
pub(crate) fn run_briefly(warden: &mut Warden) -> Result<Option<Unchecked>> {
    match install(warden)? {
        Ok(schemathesis) => ask(warden, &schemathesis, FEW).map(|()| None),
        Err(why) => {
            let left_out = format!("whether every answer is as described: {why}");
            Ok(Some(Unchecked(left_out)))
        }
    }
}

/// The program, in a Python environment of its own under `target`; or why there cannot be one here.
fn install(warden: &mut Warden) -> Result<Result<PathBuf, &'static str>> {
    let environment = built("schemathesis", VERSION);
    let program = environment.join("bin/schemathesis");
    if program.is_file() {
        return Ok(Ok(program));
    }
    let Some(python) = on_path("python3") else {
        return Ok(Err("there is no python3"));
    };
    let mut venv = Command::new(python);
    venv.args(["-m", "venv", "--clear"]).arg(&environment);
    if !warden.output(&mut venv)?.status.success() {
        return Ok(Err("python3 has no venv and pip"));
    }
    let versions = environment.join("versions.txt");
    fs::write(&versions, VERSIONS).context("could not write the versions")?;
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    pip.arg("--constraint").arg(&versions);
    pip.arg(format!("schemathesis=={VERSION}"));
    let output = warden.output(&mut pip)?;
    if output.status.success() {
        return Ok(Ok(program));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if is_offline(&said) {
        return Ok(Err("there is no way to the Python packages"));
    }
    bail!("schemathesis could not be installed: {}", said.trim());
}

/// Whether pip complains of connections, and not of packages.
fn is_offline(said: &str) -> bool {
    ["connection", "Connection", "ConnectTimeout", "ProxyError"]
        .iter()
        .any(|complaint| said.contains(complaint))
}

fn ask(warden: &mut Warden, schemathesis: &Path, examples: u32) -> Result<()> {
    let directory = tempfile::tempdir().context("could not make a directory")?;
    let config = directory.path().join("schemathesis.toml");
    fs::write(&config, CONFIG).context("could not write its configuration")?;
    let demo = Demo::start(warden, directory.path())?;
    let [owner, _stranger, operator] = &demo.tokens;
    let callers = [
        ("the ticket's owner", Some(owner), None),
        ("its owner, who has it already", Some(owner), Some("*")),
        ("an operator", Some(operator), None),
        ("somebody without a token", None, None),
    ];
    for (who, token, known) in callers {
        println!("    as {who}");
        let mut command = Command::new(schemathesis);
        command.arg("--config-file").arg(&config);
        command.args(["run", "--checks", "all", "--continue-on-failure"]);
        command.args(["--max-examples", &examples.to_string()]);
        if let Some(token) = token {
            // Of a campus that is made up and gone in a moment.
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
        }
        match known {
            None => {
                command.arg(format!("{}/api/v3/openapi.json", demo.url));
            }
            // What is there is answered 304 then, and the description is there too.
            Some(known) => {
                command.args(["--header", &format!("If-None-Match: {known}")]);
                command.args(["--url", &demo.url]).arg(DESCRIPTION);
            }
        }
        command.current_dir(directory.path());
        let output = warden.output(&mut command)?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success(),
            "schemathesis, as {who}:\n{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let cases = said.lines().find(|line| line.contains(" generated, "));
        let cases = cases.context("schemathesis asked for nothing")?;
        println!("      {}", cases.trim());
    }
    warden.end_server(demo.process)
}

/// `wts demo`, and the tokens that it hands out.
struct Demo {
    process: u32,
    url: String,
    tokens: [String; 3],
}

impl Demo {
    fn start(warden: &mut Warden, directory: &Path) -> Result<Self> {
        let says = directory.join("demo");
        let mut wts = Command::new(built("debug", "wts"));
        wts.args(["demo", "--port", "0"])
            .env("TMPDIR", directory)
            .stdout(File::create(&says).context("could not create a file")?)
            .stderr(Stdio::null());
        let process = warden.serve(&mut wts)?;
        let begun = Instant::now();
        loop {
            let said = fs::read_to_string(&says).context("could not read what it says")?;
            if let Some((url, tokens)) = announced(&said) {
                return Ok(Self {
                    process,
                    url,
                    tokens,
                });
            }
            if warden.server_ended(process)?.is_some() || begun.elapsed() > PATIENCE {
                bail!("the demo did not start:\n{said}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Where the demo listens, and the tokens in its three examples, once it has said them all.
fn announced(said: &str) -> Option<(String, [String; 3])> {
    let (_, after) = said.split_once("http://")?;
    let address = after.split_whitespace().next()?;
    let tokens: Vec<_> = said
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
    fn only_who_cannot_reach_the_packages_may_do_without() {
        let offline = "WARNING: Retrying after connection broken by 'NewConnectionError(Failed to establish a new \
                       connection: [Errno -3] Temporary failure in name resolution')': /simple/schemathesis/";
        assert!(is_offline(offline));
        let wrong = "ERROR: Could not find a version that satisfies the requirement schemathesis==0 (from versions: 1)";
        assert!(!is_offline(wrong));
    }

    #[test]
    fn the_versions_are_of_the_program_that_is_asked_for() {
        let own = format!("schemathesis=={VERSION}");
        assert!(VERSIONS.lines().any(|line| line == own));
    }

    #[test]
    fn the_demo_is_understood_once_it_has_said_all() {
        let said = "A campus at http://127.0.0.1:8080 until\n\
                    curl 'http://127.0.0.1:8080/x' -H 'Authorization: Bearer a'\n\
                    curl 'http://127.0.0.1:8080/x' -H 'Authorization: Bearer b'\n\
                    curl 'http://127.0.0.1:8080/x' -H 'Authorization: Bearer c'\n";
        let tokens = ["a", "b", "c"].map(str::to_owned);
        let expected = Some(("http://127.0.0.1:8080".to_owned(), tokens));
        assert_eq!(announced(said), expected);
        assert_eq!(announced(said.strip_suffix("c'\n").unwrap()), None);
    }
}
