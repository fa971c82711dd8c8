//! Running other programs.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};

/// The arguments of `setpriv` before those of the program that it runs.
const WITH_PARENT: [&str; 2] = ["--pdeathsig", "TERM"];

/// A program that gets SIGTERM when this process ends, in whatever way.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(WITH_PARENT).arg(name).stdin(Stdio::null());
    command
}

/// Cargo, of the toolchain that runs this task.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Runs a command, which is printed, to its end.
///
/// # Errors
///
/// If it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    println!("    {line}");
    let status = command
        .status()
        .with_context(|| format!("could not start `{line}`"))?;
    ensure!(status.success(), "`{line}` failed, {status}");
    Ok(())
}

/// Runs a command to its end, and returns what it wrote to standard output.
///
/// # Errors
///
/// If it fails; with what it wrote.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command
        .output()
        .with_context(|| format!("could not start `{line}`"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let status = output.status;
    ensure!(
        status.success(),
        "`{line}` failed, {status}:\n{text}{errors}"
    );
    Ok(text.into_owned())
}

/// A command as a person would type it.
fn line(command: &Command) -> String {
    let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    let (name, arguments) = match arguments.as_slice() {
        [first, second, name, arguments @ ..] if [first, second] == WITH_PARENT => {
            (name.as_ref(), arguments)
        }
        arguments => (command.get_program().to_str().unwrap_or(""), arguments),
    };
    let name = Path::new(name).file_name().unwrap_or_default().display();
    format!("{name} {}", arguments.join(" "))
}

/// A program that runs in the background until it is dropped.
pub(crate) struct Background(Child);

impl Background {
    /// Starts a program.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let child = command.spawn();
        child
            .map(Self)
            .with_context(|| format!("could not start `{}`", line(command)))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether the program has ended by itself.
    ///
    /// # Errors
    ///
    /// If the operating system does not say.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        let status = self.0.try_wait().context("could not wait for a program")?;
        Ok(status.is_some())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// The file that a shell would run as `program`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}

/// The directory of the workspace.
pub(crate) fn workspace() -> &'static Path {
    let mut ancestors = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    ancestors.nth(2).unwrap_or(Path::new("."))
}

/// A file in Cargo's target directory, such as `release/wts`.
pub(crate) fn in_target(path: impl AsRef<Path>) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| workspace().join("target"))
        .join(path)
}
