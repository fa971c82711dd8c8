//! Namespaces of the kernel's, in which a test does what it may not outside, and what root may not do without its power.

use std::{
    env,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::MetadataExt,
    process::{Command, Stdio},
    thread,
};

/// Names a file to list tests in that this system does not allow. Without it they fail.
const SKIPPED: &str = "WTS_TEST_SKIPPED";

/// `unshare` into these namespaces, if that is allowed and `probe` succeeds there, to root or to whom it takes for root.
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

/// A program run by somebody whom the modes of files bind, as they bind everyone but root.
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

/// Lists the test as one that this system does not allow.
fn skip(what: &str) {
    let Some(list) = env::var_os(SKIPPED) else {
        panic!("this system does not allow {what}; {SKIPPED} names a file to list such tests in");
    };
    let list = OpenOptions::new().create(true).append(true).open(list);
    let test = thread::current().name().unwrap_or_default().to_owned();
    writeln!(list.expect("a file"), "{test} ({what})").expect("a file");
}
