//! The operating system's user that the server runs as.

use std::{
    env,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

/// Another user's and group's id where this process is root, which PostgreSQL refuses to run as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerUser(Option<(u32, u32)>);

impl ServerUser {
    /// The user of this process, or if that is root the first that exists of `postgres` and `nobody`.
    ///
    /// # Errors
    ///
    /// If neither does.
    pub(crate) fn choose() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self(None));
        }
        let ids = |name| Some((id("-u", name)?, id("-g", name)?));
        ids("postgres").or_else(|| ids("nobody")).map(|ids| Self(Some(ids))).context(
            "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as",
        )
    }

    /// A directory for temporary files that the user can reach. That of root may be closed to others.
    pub(crate) fn temporary_directory(self) -> PathBuf {
        match self.0 {
            None => env::temp_dir(),
            Some(_) => PathBuf::from("/tmp"),
        }
    }

    /// Makes the user the owner of a file or directory.
    ///
    /// # Errors
    ///
    /// If the file system does not allow it.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        match self.0 {
            None => Ok(()),
            Some((uid, gid)) => chown(path, Some(uid), Some(gid))
                .with_context(|| format!("could not hand {} to user {uid}", path.display())),
        }
    }

    /// Makes `command` run as the user.
    pub(crate) fn run(self, command: &mut Command) {
        if let Some((uid, gid)) = self.0 {
            command.uid(uid).gid(gid);
        }
    }
}

/// What the program `id` prints.
fn id(option: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([option, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
