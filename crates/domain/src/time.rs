//! Moments and days over the whole range that PostgreSQL can hold, `infinity` included.
//!
//! Calendar libraries end where PostgreSQL does not (chrono in the year 262142, PostgreSQL in 294276) and know no
//! infinity. A history must be readable whatever stands in it, so these two types count from PostgreSQL's own epoch,
//! 2000-01-01, in its own units.

mod calendar;
mod day;
mod parse;
mod timestamp;

use std::{error::Error, fmt};

pub use day::Day;
pub use parse::ParseTimeError;
pub use timestamp::Timestamp;

/// A moment or a day that there is not, or one beyond those that can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DateOutOfRange;

impl fmt::Display for DateOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no such day or time, or none that can be counted")
    }
}

impl Error for DateOutOfRange {}
