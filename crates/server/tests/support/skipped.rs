//! The list of checks that tests skip on this system, which `cargo xtask test` prints at its end.

use std::{env, fs::OpenOptions, io::Write, thread};

/// The environment variable that names the file of the list.
pub(crate) const SKIPPED: &str = "WTS_TEST_SKIPPED";

/// Writes the name of the current test and what it skips to the list. Returns `false` if [`SKIPPED`] is not set.
pub(crate) fn list(what: &str) -> bool {
    let Some(list) = env::var_os(SKIPPED) else {
        return false;
    };
    let list = OpenOptions::new().create(true).append(true).open(list);
    let test = thread::current().name().unwrap_or_default().to_owned();
    writeln!(list.expect("a file"), "{test}: {what}").expect("a file");
    true
}
