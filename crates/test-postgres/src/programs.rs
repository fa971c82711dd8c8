//! Finds the server programs of PostgreSQL, and the user that runs them.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The directory of the Debian packages of PostgreSQL, with one directory for each version.
const PACKAGES: &str = "/usr/lib/postgresql";

/// Returns the directory that contains `postgres` and `initdb`: the one on `PATH`, otherwise that of the newest Debian
/// package.
pub fn find_programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut files = env::split_paths(&path).map(|directory| directory.join("initdb"));
    let initdb = files.find(|initdb| initdb.is_file());
    let on_path = initdb.and_then(|initdb| Some(initdb.canonicalize().ok()?.parent()?.to_owned()));
    let mut directories = on_path
        .into_iter()
        .chain(newest_bin_directory(Path::new(PACKAGES)));
    // A package of the client contains some of the programs, but not `postgres`.
    directories.find(|directory| {
        directory.join("initdb").is_file() && directory.join("postgres").is_file()
    })
}

/// Returns the directory `bin` of the highest version.
fn newest_bin_directory(versions: &Path) -> Option<PathBuf> {
    let directories = fs::read_dir(versions).ok()?.flatten();
    let versions = directories.filter_map(|directory| {
        let version: u32 = directory.file_name().to_str()?.parse().ok()?;
        Some((version, directory.path()))
    });
    Some(versions.max()?.1.join("bin"))
}

/// Returns a command that runs a program without root privileges, because PostgreSQL refuses to run as root. If this
/// process is root, the program runs as the user `postgres`, or as an unprivileged user if that user does not exist.
pub(crate) fn unprivileged(program: impl AsRef<OsStr>) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let has_postgres = Command::new("id").arg("postgres").output();
    let has_postgres = has_postgres.is_ok_and(|output| output.status.success());
    let mut command = Command::new("setpriv");
    command
        .args(if has_postgres {
            ["--reuid=postgres", "--regid=postgres"]
        } else {
            ["--reuid=nobody", "--regid=nogroup"]
        })
        .arg("--clear-groups")
        .arg(program)
        // Other users may not be able to write to the temporary directory of root.
        .env_remove("TMPDIR");
    command
}

/// Returns the path of `pgbouncer`, on `PATH` or where the Debian package installs it.
pub fn find_pgbouncer() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .map(|directory| directory.join("pgbouncer"))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_postgresql_version_is_chosen_numerically() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["9", "15", "17", "17.old"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        assert_eq!(
            newest_bin_directory(parent.path()),
            Some(parent.path().join("17/bin"))
        );
        assert_eq!(newest_bin_directory(&parent.path().join("missing")), None);
    }
}
