//! Runs other programs.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Returns a command whose process gets SIGTERM when this process ends, even if this process is killed.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=TERM").arg(name);
    command.stdin(Stdio::null());
    command
}

/// Returns a cargo command of the toolchain that runs this task.
pub(crate) fn cargo(name: &str) -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(name);
    command
}

/// Prints a command, runs it and waits for it to exit.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    println!("    {line}");
    let status = command.status().with_context(|| line.clone())?;
    ensure!(status.success(), "`{line}` failed, {status}");
    Ok(())
}

/// Runs a command, waits for it to exit, and returns its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command.output().with_context(|| line.clone())?;
    let status = output.status;
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let message = format!("`{line}` failed, {status}:\n{text}{errors}");
    ensure!(status.success(), message);
    Ok(text.into_owned())
}

/// Returns the text of a command line.
fn line(command: &Command) -> String {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    let line = words.join(" ");
    let line = line
        .strip_prefix("setpriv --pdeathsig=TERM ")
        .unwrap_or(&line);
    // The directory of cargo is omitted.
    match line.split_once("/bin/cargo ") {
        Some((directory, arguments)) if !directory.contains(' ') => format!("cargo {arguments}"),
        _ => line.to_owned(),
    }
}

/// A background process, which is killed when this value is dropped.
pub(crate) struct Background {
    child: Child,
    line: String,
}

impl Background {
    /// Starts a program in the background.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let line = line(command);
        let child = command.spawn().with_context(|| line.clone())?;
        Ok(Self { child, line })
    }

    /// Starts a program in the background, and waits until `ready` returns a value for the text in the file `output`.
    pub(crate) fn start_until<T>(
        command: &mut Command,
        output: &Path,
        ready: impl Fn(&str) -> Option<T>,
    ) -> Result<(Self, T)> {
        let mut program = Self::start(command)?;
        let begun = Instant::now();
        loop {
            let text = fs::read_to_string(output).context("could not read a program's output")?;
            if let Some(found) = ready(&text) {
                return Ok((program, found));
            }
            let is_running = program.is_running().unwrap_or_default();
            let is_starting = is_running && begun.elapsed() < START_TIMEOUT;
            ensure!(is_starting, "`{}` did not start:\n{text}", program.line);
            thread::sleep(POLL_INTERVAL);
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns whether the process is still running, or an error if it has failed.
    pub(crate) fn is_running(&mut self) -> Result<bool> {
        let status = self.child.try_wait()?;
        if let Some(status) = status {
            ensure!(status.success(), "`{}` failed, {status}", self.line);
        }
        Ok(status.is_none())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Returns the file on `PATH` that a shell would run as `program`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let mut files = env::split_paths(&path).map(|directory| directory.join(program));
    files.find(|file| file.is_file())
}

/// Returns the directory of the workspace.
pub(crate) fn workspace() -> &'static Path {
    let mut ancestors = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    ancestors.nth(2).unwrap_or(Path::new("."))
}

/// Returns the path of a file in Cargo's target directory, such as `release/wts`.
pub(crate) fn in_target(path: impl AsRef<Path>) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| workspace().join("target"));
    target.join(path)
}
