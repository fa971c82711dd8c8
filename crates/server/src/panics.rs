//! The panic hook, which logs panics.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic,
};

/// Installs a hook that logs the location of a panic. The message of the panic is not logged, because it can contain
/// any data, such as tokens or personal names. With `RUST_BACKTRACE` the record also contains a backtrace.
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
