//! Programs that are on this system.

use std::env;
use std::path::PathBuf;

/// The file that the shell would run as `program`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}
