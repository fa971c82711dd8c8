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
mod tests;
