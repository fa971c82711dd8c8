//! Who we are, and who the server is to be: it refuses to run as root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Whether we are root.
///
/// # Errors
///
/// If `id` does not say.
pub(crate) fn is_root() -> Result<bool> {
    Ok(id(&["-u"])? == 0)
}

/// The account that the server runs under.
pub(crate) enum Account {
    /// Ours.
    Own,
    /// Another, since ours is root.
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// Ours, or where we are root the first that exists of `postgres` and `nobody`.
    ///
    /// # Errors
    ///
    /// If neither does.
    pub(crate) fn choose() -> Result<Self> {
        if !is_root()? {
            return Ok(Self::Own);
        }
        let of = |name| {
            anyhow::Ok(Self::Other {
                uid: id(&["-u", name])?,
                gid: id(&["-g", name])?,
            })
        };
        of("postgres").or_else(|_| of("nobody")).context(
            "PostgreSQL refuses to run as root, and there is no other account to run it under",
        )
    }

    /// Hands `path` to the account.
    ///
    /// # Errors
    ///
    /// If the file system does not let us.
    pub(crate) fn give(&self, path: &Path) -> Result<()> {
        match *self {
            Self::Own => Ok(()),
            Self::Other { uid, gid } => chown(path, Some(uid), Some(gid))
                .with_context(|| format!("could not hand {} to user {uid}", path.display())),
        }
    }

    /// Makes `command` run under the account.
    pub(crate) fn run(&self, command: &mut Command) {
        if let Self::Other { uid, gid } = *self {
            command.uid(uid).gid(gid);
        }
    }
}

fn id(args: &[&str]) -> Result<u32> {
    let output = Command::new("id")
        .args(args)
        .output()
        .context("could not run id")?;
    ensure!(output.status.success(), "`id {}` failed", args.join(" "));
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .with_context(|| format!("`id {}` did not print a number", args.join(" ")))
}
