//! Standard output of the commands.

use std::{
    fmt,
    io::{self, ErrorKind, Write},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The error if writing to standard output fails.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct OutputError(#[source] io::Error);

impl OutputError {
    pub(crate) fn closed_pipe() -> Self {
        Self(ErrorKind::BrokenPipe.into())
    }

    /// Returns whether the reader has closed the pipe. A reader such as `head` does so when it has read enough.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.0.kind() == ErrorKind::BrokenPipe
    }
}

/// Writes bytes to standard output.
///
/// # Errors
///
/// Returns an error if the bytes cannot be written, for example because the disk is full.
pub(crate) fn write(mut output: impl Write, content: &[u8]) -> Result<(), OutputError> {
    let written = output.write_all(content).and_then(|()| output.flush());
    written.map_err(OutputError)
}

/// Writes a line to standard output.
///
/// # Errors
///
/// Returns an error if the line cannot be written.
pub(crate) fn write_line(line: impl fmt::Display) -> Result<(), OutputError> {
    write(io::stdout().lock(), format!("{line}\n").as_bytes())
}

/// Checks that standard output can still be read, without writing to it.
///
/// # Errors
///
/// Returns an error if the reader has closed the pipe.
pub(crate) fn ensure_has_reader() -> Result<(), OutputError> {
    let stdout = io::stdout();
    let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec::default();
    // An interrupted call is repeated at the next check.
    let _ = poll(&mut polled, Some(&at_once));
    let [polled] = polled;
    if polled.revents().intersects(PollFlags::ERR | PollFlags::HUP) {
        return Err(OutputError::closed_pipe());
    }
    Ok(())
}
