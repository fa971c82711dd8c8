//! Runs commands in new Linux namespaces (`unshare`), which give a test more privileges, or without the capabilities of
//! root (`setpriv`).

use std::{
    fs,
    os::unix::fs::MetadataExt,
    process::{Command, Stdio},
};

use super::skipped::{self, SKIPPED};

/// Returns the command `unshare` for these namespaces, as root or as a mapped root user. Returns `None` if it is not
/// allowed or if `probe` fails in it.
pub(crate) fn unshare(namespaces: &[&str], probe: &[&str]) -> Option<Command> {
    for user in [&[][..], &["--user", "--map-root-user"]] {
        let command = || {
            let mut command = Command::new("unshare");
            command.args(user).args(namespaces);
            command
        };
        let probed = command().args(probe).stderr(Stdio::null()).status();
        if probed.is_ok_and(|status| status.success()) {
            return Some(command());
        }
    }
    skip(&namespaces.join(" "));
    None
}

/// Returns a command that runs a program for which file permissions are checked, even if the test runs as root.
pub(crate) fn without_root_capabilities(program: &str) -> Option<Command> {
    if fs::metadata("/proc/self").expect("Linux").uid() != 0 {
        return Some(Command::new(program));
    }
    let setpriv = || {
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-all", "--inh-caps=-all"]);
        command
    };
    let probed = setpriv().arg("true").stderr(Stdio::null()).status();
    if probed.is_ok_and(|status| status.success()) {
        let mut command = setpriv();
        command.arg(program);
        return Some(command);
    }
    skip("setpriv");
    None
}

/// Writes the name of the current test to the list of skipped tests. Fails the test if [`SKIPPED`] is not set.
fn skip(what: &str) {
    let is_listed = skipped::list(&format!("{what}, which this system does not allow"));
    assert!(
        is_listed,
        "this system does not allow {what}; {SKIPPED} names a file to list such tests in"
    );
}
