//! Finding the programs of PostgreSQL.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The directory of Debian's packages, with one directory for each version.
const PACKAGES: &str = "/usr/lib/postgresql";

/// The directory that holds `postgres` and `initdb`: the one on `PATH`, otherwise that of the newest Debian package.
pub fn find_programs() -> Option<PathBuf> {
    let on_path = env::var_os("PATH").and_then(|path| {
        env::split_paths(&path)
            .map(|directory| directory.join("initdb"))
            .find(|initdb| initdb.is_file())
    });
    on_path
        .and_then(|initdb| Some(initdb.canonicalize().ok()?.parent()?.to_owned()))
        .into_iter()
        .chain(newest(Path::new(PACKAGES)))
        // A client's package brings some of the programs without the server.
        .find(|directory| {
            ["initdb", "postgres"]
                .iter()
                .all(|name| directory.join(name).is_file())
        })
}

/// The programs of the highest version among these directories.
fn newest(versions: &Path) -> Option<PathBuf> {
    let (_, directory) = fs::read_dir(versions)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse::<u32>().ok()?,
                entry.path(),
            ))
        })
        .max()?;
    Some(directory.join("bin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_version_is_chosen_by_number() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["9", "15", "17", "17.old"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        assert_eq!(newest(parent.path()), Some(parent.path().join("17/bin")));
        assert_eq!(newest(&parent.path().join("missing")), None);
    }
}
