//! The type for calendar dates.

use std::fmt;

use super::{
    DateOutOfRange,
    calendar::{CivilDate, pad},
};

/// A calendar date, or one of the two infinities.
///
/// The text form is midnight UTC, as in the ticket system's API:
///
/// ```
/// use wts_domain::Date;
///
/// assert_eq!(Date::from_ymd(2025, 12, 8)?.to_string(), "2025-12-08T00:00:00Z");
/// # Ok::<(), wts_domain::DateOutOfRange>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// The date that is later than every finite date.
    pub const INFINITY: Self = Self(i32::MAX);
    /// The date that is earlier than every finite date.
    pub const NEG_INFINITY: Self = Self(i32::MIN);

    /// Creates a date from days since 2000-01-01. The smallest and the largest number are the infinities.
    pub const fn from_days_since_2000(days: i32) -> Self {
        Self(days)
    }

    /// Returns the days since 2000-01-01. The smallest and the largest number are the infinities.
    pub const fn days_since_2000(self) -> i32 {
        self.0
    }

    /// Creates a date from year, month and day in the proleptic Gregorian calendar. Months and days begin at 1.
    ///
    /// # Errors
    ///
    /// Returns [`DateOutOfRange`] if the date does not exist or is out of range.
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Result<Self, DateOutOfRange> {
        Self::from_civil_date(CivilDate {
            year: year.into(),
            month: month.into(),
            day: day.into(),
        })
        .ok_or(DateOutOfRange)
    }

    /// Returns year, month and day in the proleptic Gregorian calendar, `None` for the infinities.
    ///
    /// ```
    /// use wts_domain::Date;
    ///
    /// assert_eq!(Date::from_ymd(2025, 12, 8)?.ymd(), Some((2025, 12, 8)));
    /// assert_eq!(Date::INFINITY.ymd(), None);
    /// # Ok::<(), wts_domain::DateOutOfRange>(())
    /// ```
    pub fn ymd(self) -> Option<(i32, u8, u8)> {
        match self {
            Self::INFINITY | Self::NEG_INFINITY => None,
            Self(days) => {
                let CivilDate { year, month, day } = CivilDate::from_days(days.into());
                Some((
                    year.try_into().ok()?,
                    month.try_into().ok()?,
                    day.try_into().ok()?,
                ))
            }
        }
    }

    /// Returns the text form of the date without a time:
    ///
    /// ```
    /// use wts_domain::Date;
    ///
    /// assert_eq!(Date::from_ymd(2025, 12, 8)?.iso_date().to_string(), "2025-12-08");
    /// # Ok::<(), wts_domain::DateOutOfRange>(())
    /// ```
    ///
    /// Years below 0 or above 9999 have the expanded form of ISO 8601. The infinities are `infinity` and `-infinity`.
    pub fn iso_date(self) -> impl fmt::Display {
        IsoDate(self)
    }

    pub(super) fn from_civil_date(date: CivilDate) -> Option<Self> {
        match i32::try_from(date.to_valid_days()?).map(Self) {
            Ok(Self::INFINITY | Self::NEG_INFINITY) | Err(_) => None,
            Ok(date) => Some(date),
        }
    }
}

#[cfg(feature = "serde")]
crate::serde_impls::impl_serde_as_text!(Date, str::parse);

impl fmt::Display for Date {
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

/// A date that is displayed without a time.
struct IsoDate(Date);

impl fmt::Display for IsoDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.width().is_some() {
            return pad(f, self);
        }
        match self.0 {
            Date::INFINITY => f.write_str("infinity"),
            Date::NEG_INFINITY => f.write_str("-infinity"),
            Date(days) => CivilDate::from_days(days.into()).fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_is_written_as_midnight_utc() {
        let text_form = |year, month, day| Date::from_ymd(year, month, day).unwrap().to_string();
        assert_eq!(text_form(2025, 12, 8), "2025-12-08T00:00:00Z");
        assert_eq!(text_form(2024, 2, 29), "2024-02-29T00:00:00Z");
        assert_eq!(text_form(0, 1, 1), "0000-01-01T00:00:00Z");
        assert_eq!(text_form(-4713, 11, 24), "-004713-11-24T00:00:00Z");
        assert_eq!(text_form(5_874_897, 12, 31), "+5874897-12-31T00:00:00Z");
        assert_eq!(Date::INFINITY.to_string(), "infinity");
        assert_eq!(Date::NEG_INFINITY.to_string(), "-infinity");
    }

    #[test]
    fn nonexistent_date_is_rejected() {
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
                Date::from_ymd(year, month, day),
                Err(DateOutOfRange),
                "{year}-{month}-{day}"
            );
        }
    }
}
