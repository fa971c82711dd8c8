//! A day without a time.

use std::fmt;

use super::{
    DateOutOfRange,
    calendar::{Date, pad},
};

/// A day of the calendar, or one of the two infinities.
///
/// It is written as its UTC midnight, which is how the ticket system's clients read a day:
///
/// ```
/// use wts_domain::Day;
///
/// assert_eq!(Day::from_ymd(2025, 12, 8)?.to_string(), "2025-12-08T00:00:00Z");
/// # Ok::<(), wts_domain::DateOutOfRange>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// Later than every day.
    pub const INFINITY: Self = Self(i32::MAX);
    /// Earlier than every day.
    pub const NEG_INFINITY: Self = Self(i32::MIN);

    /// The day so many days after 2000-01-01; the least and the greatest number are the infinities.
    pub const fn from_days_since_2000(days: i32) -> Self {
        Self(days)
    }

    /// How many days after 2000-01-01; the least and the greatest number are the infinities.
    pub const fn days_since_2000(self) -> i32 {
        self.0
    }

    /// A day of the proleptic Gregorian calendar, months and days counted from 1.
    ///
    /// # Errors
    ///
    /// [`DateOutOfRange`] if there is no such day.
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Result<Self, DateOutOfRange> {
        Self::from_date(Date {
            year: year.into(),
            month: month.into(),
            day: day.into(),
        })
        .ok_or(DateOutOfRange)
    }

    /// Year, month and day of the proleptic Gregorian calendar; `None` for the infinities.
    ///
    /// ```
    /// use wts_domain::Day;
    ///
    /// assert_eq!(Day::from_ymd(2025, 12, 8)?.ymd(), Some((2025, 12, 8)));
    /// assert_eq!(Day::INFINITY.ymd(), None);
    /// # Ok::<(), wts_domain::DateOutOfRange>(())
    /// ```
    pub fn ymd(self) -> Option<(i32, u8, u8)> {
        match self {
            Self::INFINITY | Self::NEG_INFINITY => None,
            Self(days) => {
                let Date { year, month, day } = Date::from_days(days.into());
                Some((
                    year.try_into().ok()?,
                    month.try_into().ok()?,
                    day.try_into().ok()?,
                ))
            }
        }
    }

    /// The day without a time, as a text:
    ///
    /// ```
    /// use wts_domain::Day;
    ///
    /// assert_eq!(Day::from_ymd(2025, 12, 8)?.iso_date().to_string(), "2025-12-08");
    /// # Ok::<(), wts_domain::DateOutOfRange>(())
    /// ```
    ///
    /// Years beyond 9999 or before 0 are in ISO 8601's expanded form. The infinities are `infinity` and `-infinity`.
    pub fn iso_date(self) -> impl fmt::Display {
        IsoDate(self)
    }

    pub(super) fn from_date(date: Date) -> Option<Self> {
        match i32::try_from(date.to_existing_days()?).map(Self) {
            Ok(Self::INFINITY | Self::NEG_INFINITY) | Err(_) => None,
            Ok(day) => Some(day),
        }
    }
}

#[cfg(feature = "serde")]
crate::serde_impls::as_text!(Day, str::parse);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.width().is_some() {
            return pad(f, self);
        }
        IsoDate(*self).fmt(f)?;
        match *self {
            Self::INFINITY | Self::NEG_INFINITY => Ok(()),
            Self(_) => f.write_str("T00:00:00Z"),
        }
    }
}

/// Writes a day without a time.
struct IsoDate(Day);

impl fmt::Display for IsoDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.width().is_some() {
            return pad(f, self);
        }
        match self.0 {
            Day::INFINITY => f.write_str("infinity"),
            Day::NEG_INFINITY => f.write_str("-infinity"),
            Day(days) => Date::from_days(days.into()).fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_their_utc_midnight() {
        let written = |year, month, day| Day::from_ymd(year, month, day).unwrap().to_string();
        assert_eq!(written(2025, 12, 8), "2025-12-08T00:00:00Z");
        assert_eq!(written(2024, 2, 29), "2024-02-29T00:00:00Z");
        assert_eq!(written(0, 1, 1), "0000-01-01T00:00:00Z");
        assert_eq!(written(-4713, 11, 24), "-004713-11-24T00:00:00Z");
        assert_eq!(written(5_874_897, 12, 31), "+5874897-12-31T00:00:00Z");
        assert_eq!(Day::INFINITY.to_string(), "infinity");
        assert_eq!(Day::NEG_INFINITY.to_string(), "-infinity");
    }

    #[test]
    fn a_day_that_no_calendar_has_is_refused() {
        for (year, month, day) in [
            (2025, 2, 29),
            (2025, 13, 1),
            (2025, 0, 1),
            (2025, 4, 31),
            (2025, 1, 0),
            (i32::MAX, 1, 1),
            (i32::MIN, 1, 1),
        ] {
            assert_eq!(
                Day::from_ymd(year, month, day),
                Err(DateOutOfRange),
                "{year}-{month}-{day}"
            );
        }
    }
}
