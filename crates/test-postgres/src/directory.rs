//! Temporary directories that do not outlive this process.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::programs::unprivileged;

/// Creates a directory and prints its name; waits until the pipe at its standard input closes, which only this process holds
/// open; then stops the server that still runs in the directory, and removes the directory.
const SCRIPT: &str = r#"
directory=$(mktemp -d -t wts-XXXXXX) || exit
echo "$directory"
cat > /dev/null
if read -r server < "$directory/data/postmaster.pid"; then
    kill -QUIT "$server"
    kill -CONT "$server"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -0 "$server" || break
        sleep 1
    done
    kill -KILL "$server"
fi
for _ in 1 2 3 4 5; do
    rm -rf "$directory" && break
    sleep 1
done
"#;

/// A temporary directory that is removed when it is dropped, and also when this process is killed.
pub struct TemporaryDirectory {
    path: PathBuf,
    script: Child,
}

impl TemporaryDirectory {
    /// Creates an empty directory, which belongs to the user that a server runs as.
    ///
    /// # Errors
    ///
    /// If it cannot be created.
    pub fn create() -> Result<Self> {
        let mut script = unprivileged("sh")
            .args(["-c", SCRIPT])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C is for this process, whose end the script waits for.
            .process_group(0)
            .spawn()
            .context("could not start sh")?;
        let mut path = String::new();
        if let Some(output) = script.stdout.take() {
            BufReader::new(output).read_line(&mut path)?;
        }
        let path = PathBuf::from(path.trim_end());
        ensure!(path.is_dir(), "could not create a temporary directory");
        Ok(Self { path, script })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}
