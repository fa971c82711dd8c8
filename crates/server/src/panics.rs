//! The log record of a panic.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic,
};

/// Installs a hook that logs where a panic occurred. It omits the message, which may contain any data, such as tokens
/// or personal names. With `RUST_BACKTRACE` the record has a backtrace.
#[expect(clippy::print_stderr, reason = "before the log has started")]
pub(crate) fn install_panic_hook() {
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
mod tests;
