//! Where the programs of PostgreSQL are.

use std::ffi::OsStr;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::programs::on_path;

/// Where packages put the programs of one version: the parent, what the folder's name begins with, and the way on.
const PACKAGED: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),         // Debian
    ("/usr", "pgsql-", "bin"),                  // PostgreSQL's own RPMs
    ("/usr/lib", "postgresql", "bin"),          // openSUSE
    ("/usr/libexec", "postgresql", ""),         // Alpine
    ("/opt/homebrew/opt", "postgresql", "bin"), // Homebrew on ARM
    ("/usr/local/opt", "postgresql", "bin"),    // Homebrew on Intel
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// The programs of one PostgreSQL.
pub(crate) struct Binaries {
    directory: PathBuf,
}

impl Binaries {
    /// What `PATH` has, else what `pg_config` points at, else the newest that a package brought.
    pub(super) fn find() -> Option<Self> {
        on_path("initdb")
            .and_then(|initdb| Some(initdb.canonicalize().ok()?.parent()?.to_owned()))
            .into_iter()
            .chain(iter::once_with(configured).flatten())
            .chain(
                PACKAGED.iter().flat_map(|(parent, prefix, rest)| {
                    newest_first(Path::new(parent), prefix, rest)
                }),
            )
            // A client's package brings some of the programs without the server.
            .find(|directory| {
                directory.join("initdb").is_file() && directory.join("postgres").is_file()
            })
            .map(|directory| Self { directory })
    }

    /// The folder they are in.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// One of them.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What the server says of itself.
    ///
    /// # Errors
    ///
    /// If it does not run here.
    pub(super) fn version(&self) -> Result<String> {
        let server = self.program("postgres");
        let output = Command::new(&server)
            .arg("--version")
            .output()
            .with_context(|| format!("could not run {}", server.display()))?;
        ensure!(
            output.status.success(),
            "{} does not run: {}",
            server.display(),
            output.status
        );
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let directory = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(directory.trim()))
}

fn newest_first(parent: &Path, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                version(&entry.file_name(), prefix)?,
                entry.path().join(rest),
            ))
        })
        .collect();
    found.sort_by(|(left, _), (right, _)| right.cmp(left));
    found.into_iter().map(|(_, directory)| directory).collect()
}

/// The version in a folder's name, part by part; none at all for the bare name.
fn version(folder: &OsStr, prefix: &str) -> Option<Vec<u32>> {
    let version = folder
        .to_str()?
        .strip_prefix(prefix)?
        .trim_start_matches('@');
    if version.is_empty() {
        return Some(Vec::new());
    }
    version.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folders: &[&str], prefix: &str) -> Vec<String> {
        let parent = tempfile::tempdir().unwrap();
        for folder in folders {
            fs::create_dir(parent.path().join(folder)).unwrap();
        }
        newest_first(parent.path(), prefix, "bin")
            .iter()
            .map(|path| {
                path.strip_prefix(parent.path())
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect()
    }

    #[test]
    fn the_newest_version_comes_first() {
        assert_eq!(
            found(&["9.6", "15", "17", "8"], ""),
            ["17/bin", "15/bin", "9.6/bin", "8/bin"]
        );
    }

    #[test]
    fn a_folder_that_names_no_version_is_passed_over() {
        assert_eq!(
            found(&["pgsql-16", "pgsql-old", "lib"], "pgsql-"),
            ["pgsql-16/bin"]
        );
    }

    #[test]
    fn an_unversioned_formula_comes_after_the_versioned_ones() {
        assert_eq!(
            found(
                &["postgresql", "postgresql@17", "postgresql@14"],
                "postgresql"
            ),
            ["postgresql@17/bin", "postgresql@14/bin", "postgresql/bin"]
        );
    }

    #[test]
    fn a_parent_that_does_not_exist_has_none() {
        assert!(newest_first(Path::new("/nowhere"), "", "bin").is_empty());
    }
}
