//! Children that do not outlive us: a small shell process holds the other end of a pipe, and when the pipe closes,
//! because the task is done or because it was killed, ends them and removes what they wrote.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// What the shell process does.
const SCRIPT: &str = include_str!("warden.sh");

const POLL: Duration = Duration::from_millis(20);

/// Runs commands, each in a process group of its own, and cleans up after them when dropped.
///
/// A group of its own keeps Ctrl-C from a child, so that there is one way to end: Ctrl-C ends us, that closes the pipe,
/// and the warden does the rest. It is the way of `kill -9`, too.
pub(crate) struct Warden {
    shell: Child,
    orders: Option<ChildStdin>,
    server: Option<Child>,
}

impl Warden {
    /// Starts the shell process.
    ///
    /// # Errors
    ///
    /// If there is no `sh`.
    pub(crate) fn start() -> Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "wts-warden"])
            .stdin(Stdio::piped())
            // Whoever reads our output to its end must not wait for the warden's.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("could not start sh")?;
        let orders = shell.stdin.take();
        Ok(Self {
            shell,
            orders,
            server: None,
        })
    }

    /// Runs `command` to its end.
    ///
    /// # Errors
    ///
    /// If it did not start; how it ended is the caller's to judge.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<ExitStatus> {
        let mut child = spawn(command)?;
        self.order("step", &child.id().to_string())?;
        let status = child.wait().context("could not wait for a child")?;
        self.order("step", "")?;
        Ok(status)
    }

    /// Starts `command` as the server, which runs until the warden is dropped.
    ///
    /// # Errors
    ///
    /// If it did not start.
    pub(crate) fn serve(&mut self, command: &mut Command) -> Result<()> {
        let child = spawn(command)?;
        self.order("server", &child.id().to_string())?;
        self.server = Some(child);
        Ok(())
    }

    /// How the server ended, if it did.
    ///
    /// # Errors
    ///
    /// If the operating system does not say.
    pub(crate) fn server_ended(&mut self) -> Result<Option<ExitStatus>> {
        let ended = self.server.as_mut().map(Child::try_wait).transpose();
        Ok(ended.context("could not ask after the server")?.flatten())
    }

    /// Has `directory`, which the server is to write, removed in the end.
    ///
    /// # Errors
    ///
    /// If its path does not fit on a line, or the warden is gone.
    pub(crate) fn remove_later(&mut self, directory: &Path) -> Result<()> {
        match directory.to_str() {
            Some(path) if !path.contains('\n') => self.order("directory", path),
            _ => bail!("{} cannot be named in one line", directory.display()),
        }
    }

    fn order(&mut self, order: &str, value: &str) -> Result<()> {
        let mut pipe = self.orders.as_ref().context("the warden has no pipe")?;
        // In one write: a line that arrives by halves could be cut by our end.
        pipe.write_all(format!("{order} {value}\n").as_bytes())
            .context("the warden is gone: its process was killed")
    }
}

impl Drop for Warden {
    fn drop(&mut self) {
        drop(self.orders.take());
        let outcome = loop {
            // The warden sees the server until we have taken note of its end.
            if let Some(server) = &mut self.server {
                let _ = server.try_wait();
            }
            match self.shell.try_wait() {
                Ok(None) => thread::sleep(POLL),
                outcome => break outcome,
            }
        };
        match outcome {
            Ok(Some(status)) if status.success() => {}
            outcome => eprintln!("xtask: cleaning up failed: {outcome:?}"),
        }
        // In case the warden itself was killed; otherwise the server is gone, and this does nothing.
        if let Some(server) = &mut self.server {
            let _ = server.kill();
        }
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("could not start {}", command.get_program().display()))
}
