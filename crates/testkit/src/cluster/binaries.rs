//! Where the programs of PostgreSQL are, and who may run them.

use std::{env, fs, path::PathBuf, process::Command};

/// The folder that has `postgres` and the rest: what `PATH` or `pg_config` point at, else the newest of Debian's packages.
///
/// # Panics
///
/// If there is none.
pub(super) fn directory() -> PathBuf {
    let on_path = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    let configured = Command::new("pg_config").arg("--bindir").output();
    let configured = configured
        .ok()
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let mut packaged: Vec<_> = ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt"]
        .into_iter()
        .filter_map(|parent| fs::read_dir(parent).ok())
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    packaged.sort();
    on_path
        .into_iter()
        .chain(configured)
        .chain(packaged.into_iter().rev())
        .find(|directory| {
            ["postgres", "initdb", "pg_basebackup"]
                .iter()
                .all(|program| directory.join(program).is_file())
        })
        .expect("PostgreSQL's server programs are installed: `cargo xtask test` sees to it")
}

/// Whom the server runs as where we are root, which it refuses to run as.
pub(super) fn account() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    if id(&["-u"])? != 0 {
        return None;
    }
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
}
