//! Namespaces of the kernel's, in which a test does what it may not outside.

use std::{
    env,
    fs::OpenOptions,
    io::Write,
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
    let Some(list) = env::var_os(SKIPPED) else {
        panic!(
            "this system does not allow {namespaces:?}; {SKIPPED} names a file to list such tests in"
        );
    };
    let list = OpenOptions::new().create(true).append(true).open(list);
    let test = thread::current().name().unwrap_or_default().to_owned();
    writeln!(list.expect("a file"), "{test} ({})", namespaces.join(" ")).expect("a file");
    None
}
