//! Timestamps and dates with the whole range of PostgreSQL, including `infinity`.
//!
//! Calendar libraries have a smaller range (chrono ends in the year 262142, PostgreSQL in 294276) and no infinity. Every
//! history in the database must be readable, so these two types use PostgreSQL's epoch, 2000-01-01, and its units:
//! microseconds for timestamps, days for dates.

mod calendar;
mod date;
mod parse;
mod timestamp;

use std::{error::Error, fmt};

pub use date::Date;
pub use parse::ParseTimeError;
pub use timestamp::Timestamp;

/// An error returned when a date or time does not exist or is out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DateOutOfRange;

impl fmt::Display for DateOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("date or time does not exist or is out of range")
    }
}

impl Error for DateOutOfRange {}
