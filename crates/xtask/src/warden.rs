//! Children that do not outlive us: a small shell process holds the other end of a pipe, and when the pipe closes,
//! because the task is done or because it was killed, ends them and removes what they wrote.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
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
    servers: Vec<Child>,
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
            servers: Vec::new(),
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

    /// Runs `command` to its end and lets `look` look at the process all the while.
    ///
    /// # Errors
    ///
    /// If it did not start; how it ended is the caller's to judge.
    pub(crate) fn watch(
        &mut self,
        command: &mut Command,
        mut look: impl FnMut(u32),
    ) -> Result<ExitStatus> {
        let mut child = spawn(command)?;
        self.order("step", &child.id().to_string())?;
        let status = loop {
            look(child.id());
            if let Some(status) = child.try_wait().context("could not wait for a child")? {
                break status;
            }
            thread::sleep(POLL);
        };
        self.order("step", "")?;
        Ok(status)
    }

    /// Runs `command` to its end and keeps what it prints.
    ///
    /// # Errors
    ///
    /// If it did not start; how it ended is the caller's to judge.
    pub(crate) fn output(&mut self, command: &mut Command) -> Result<Output> {
        let child = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        self.order("step", &child.id().to_string())?;
        let output = child
            .wait_with_output()
            .context("could not wait for a child")?;
        self.order("step", "")?;
        Ok(output)
    }

    /// Starts `command` as a server, which runs until it is ended or the warden dropped; its process id.
    ///
    /// # Errors
    ///
    /// If it did not start.
    pub(crate) fn serve(&mut self, command: &mut Command) -> Result<u32> {
        let child = spawn(command)?;
        let id = child.id();
        self.servers.push(child);
        self.order("server", &id.to_string())?;
        Ok(id)
    }

    /// How a server ended, if it did.
    ///
    /// # Errors
    ///
    /// If the operating system does not say.
    pub(crate) fn server_ended(&mut self, id: u32) -> Result<Option<ExitStatus>> {
        let server = self.servers.iter_mut().find(|server| server.id() == id);
        let ended = server.map(Child::try_wait).transpose();
        Ok(ended.context("could not ask after a server")?.flatten())
    }

    /// Ends a server at once.
    ///
    /// # Errors
    ///
    /// If the operating system does not let us.
    pub(crate) fn end_server(&mut self, id: u32) -> Result<()> {
        if let Some(at) = self.servers.iter().position(|server| server.id() == id) {
            let mut server = self.servers.swap_remove(at);
            let ended = server.kill().and_then(|()| server.wait());
            ended.context("could not end a server")?;
            self.order("ended", &id.to_string())?;
        }
        Ok(())
    }

    /// Has `directory`, which a server is to write, removed in the end.
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
            // The warden sees a server until we have taken note of its end.
            for server in &mut self.servers {
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
        // In case the warden itself was killed; otherwise the servers are gone, and this does nothing.
        for server in &mut self.servers {
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
