//! Temporary directories that are removed even if this process is killed.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::programs::unprivileged;

/// The shell script that creates a directory and prints its name. The script waits until its standard input closes,
/// which happens when this process ends. Then it stops the server and the pooler that still run in the directory, and
/// removes the directory.
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
if read -r pooler < "$directory/pgbouncer.pid"; then
    kill -KILL "$pooler"
fi
for _ in 1 2 3 4 5; do
    rm -rf "$directory" && break
    sleep 1
done
"#;

/// A temporary directory, which is removed when this value is dropped, and also when this process is killed.
pub struct TemporaryDirectory {
    path: PathBuf,
    script: Child,
}

impl TemporaryDirectory {
    /// Creates an empty directory that is owned by the user who runs the server.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory cannot be created.
    pub fn create() -> Result<Self> {
        let mut script = unprivileged("sh")
            .args(["-c", SCRIPT])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C must only end this process; the script waits for that.
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

    /// Returns the path of the directory.
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
