//! The directory of a server, which outlives neither the server nor this process.

use std::{
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::user::ServerUser;

/// Waits until the pipe at its standard input closes, which only this process holds open; then stops the server that is
/// still running in the directory, and removes the directory.
const CLEANUP: &str = r#"
cat > /dev/null
if read -r server < "$1/data/postmaster.pid"; then
    kill -QUIT "$server"
    kill -CONT "$server"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -0 "$server" || break
        sleep 1
    done
    kill -KILL "$server"
fi
for _ in 1 2 3 4 5; do
    rm -rf "$1" && break
    sleep 1
done
"#;

/// A temporary directory that is removed when it is dropped, and also when this process is killed.
pub(crate) struct ServerDirectory {
    directory: TempDir,
    cleanup: Child,
}

impl ServerDirectory {
    /// An empty directory that belongs to `user`.
    ///
    /// # Errors
    ///
    /// If it cannot be created, or there is no `sh`.
    pub(crate) fn create(user: ServerUser) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("wts-test-postgres-")
            .tempdir_in(user.temporary_directory())
            .context("could not create a temporary directory")?;
        user.own(directory.path())?;
        let mut cleanup = Command::new("sh");
        cleanup
            .args(["-c", CLEANUP, "cleanup"])
            .arg(directory.path())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for this process, whose end the script waits for.
            .process_group(0);
        user.run(&mut cleanup);
        let cleanup = cleanup.spawn().context("could not start sh")?;
        Ok(Self { directory, cleanup })
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for ServerDirectory {
    fn drop(&mut self) {
        drop(self.cleanup.stdin.take());
        let _ = self.cleanup.wait();
    }
}
