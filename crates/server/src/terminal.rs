//! Text for a terminal: its layout, characters that cannot do harm, and the words and styles of traces in both languages.

mod options;
mod text;
mod trace_text;
mod visible;
mod words;
mod zone;

use std::{env, io};

#[cfg(test)]
pub(crate) use self::visible::assert_harmless;
pub(crate) use self::{
    options::DisplayOptions,
    text::{BOLD, DIM, PLAIN, Text, WARNING, columns_of, flow, heading},
    trace_text::status_style,
    visible::{visible, visible_line},
    words::Words,
    zone::{LocalTime, Zone},
};

/// The number of columns if the terminal does not report it.
const DEFAULT_WIDTH: usize = 80;
const MIN_WIDTH: usize = 20;

/// Returns the number of columns: `COLUMNS`, or that of the terminal.
pub(crate) fn width() -> usize {
    let columns = env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    // Standard error is still the terminal if the output goes to a pager.
    let terminal = || {
        let sizes = [
            rustix::termios::tcgetwinsize(io::stdout()),
            rustix::termios::tcgetwinsize(io::stderr()),
        ];
        let columns = sizes
            .into_iter()
            .flatten()
            .map(|size| usize::from(size.ws_col));
        columns.into_iter().find(|columns| *columns > 0)
    };
    let width = columns.filter(|columns| *columns > 0).or_else(terminal);
    width.unwrap_or(DEFAULT_WIDTH).max(MIN_WIDTH)
}
