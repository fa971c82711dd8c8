//! What is said of a panic.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic,
};

/// From now on a panic is a log record that says where, and not what: the message may quote whatever was at hand, and what
/// is at hand here are tokens and people's names. With `RUST_BACKTRACE` there is also how it came there.
#[expect(clippy::print_stderr, reason = "where nothing is logged yet")]
pub(crate) fn log_where_only() {
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        if !tracing::dispatcher::has_been_set() {
            eprintln!("wts: a thread panicked at {location:?}");
            return;
        }
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured)
            .then(|| tracing::field::display(&backtrace));
        tracing::error!(location, backtrace, "a thread panicked");
    }));
}

#[cfg(test)]
mod tests {
    use std::{env, process::Command};

    use crate::logging::{self, LogFormat};

    /// Set in the process that panics.
    const PANICS: &str = "WTS_TEST_PANICS";

    #[test]
    fn a_panic_says_where_it_was_and_nothing_that_was_at_hand() {
        if env::var_os(PANICS).is_some() {
            super::log_where_only();
            // As the binary does.
            let filter = logging::filter("info").unwrap();
            logging::start(filter, LogFormat::Json, None).unwrap();
            let panicked = std::thread::spawn(|| {
                let token = "eyJhbGciOiJIUzI1NiJ9.canary";
                panic!("cannot read {token}");
            });
            assert!(panicked.join().is_err());
            logging::end();
            return;
        }
        let name = "panics::tests::a_panic_says_where_it_was_and_nothing_that_was_at_hand";
        let output = Command::new(env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(PANICS, "1")
            .env("RUST_BACKTRACE", "1")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(
            said.contains("a thread panicked")
                && said.contains(r#""location":"crates/server/src/panics.rs"#)
                && said.contains(r#""backtrace":""#),
            "{said}"
        );
        assert!(!said.contains("canary"), "{said}");
    }
}
