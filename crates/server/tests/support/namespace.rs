//! Kernel namespaces, which give a test further permissions, and programs without the capabilities of root.

use std::{
    env,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::MetadataExt,
    process::{Command, Stdio},
    thread,
};

/// The environment variable with the file that lists tests skipped on this system. Without it, such tests fail.
const SKIPPED: &str = "WTS_TEST_SKIPPED";

/// Returns `unshare` into these namespaces as root or as a mapped root user, if that is allowed and `probe` succeeds.
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

/// Returns a command that runs a program subject to file permissions, unlike root.
pub(crate) fn without_roots_power(program: &str) -> Option<Command> {
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

/// Lists the test as skipped on this system.
fn skip(what: &str) {
    let Some(list) = env::var_os(SKIPPED) else {
        panic!("this system does not allow {what}; {SKIPPED} names a file to list such tests in");
    };
    let list = OpenOptions::new().create(true).append(true).open(list);
    let test = thread::current().name().unwrap_or_default().to_owned();
    writeln!(list.expect("a file"), "{test} ({what})").expect("a file");
}
