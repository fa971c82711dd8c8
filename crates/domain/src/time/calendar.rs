//! Conversion between dates of the proleptic Gregorian calendar and days since 2000-01-01.

use std::fmt;

/// Days from 0000-03-01 to 2000-01-01. The algorithms below use years that begin in March.
const DAYS_FROM_MARCH_OF_YEAR_0_TO_2000: i64 = 730_425;
/// Days in 400 years, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;

/// A year, month and day in the proleptic Gregorian calendar. Years are astronomical: the year before 1 is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CivilDate {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
}

impl CivilDate {
    /// Converts days since 2000-01-01 to a date.
    ///
    /// The algorithm is Howard Hinnant's `civil_from_days`, <https://howardhinnant.github.io/date_algorithms.html>.
    pub(super) fn from_days(days: i64) -> Self {
        let days = days + DAYS_FROM_MARCH_OF_YEAR_0_TO_2000;
        let era = days.div_euclid(DAYS_PER_ERA);
        let day_of_era = days.rem_euclid(DAYS_PER_ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year, month, day }
    }

    /// Returns the days since 2000-01-01. This is the inverse of [`CivilDate::from_days`].
    pub(super) fn to_days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (self.month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * DAYS_PER_ERA + day_of_era - DAYS_FROM_MARCH_OF_YEAR_0_TO_2000
    }

    /// Returns the days since 2000-01-01, `None` if the date does not exist.
    pub(super) fn to_valid_days(self) -> Option<i64> {
        let days = self.to_days();
        // A date that does not exist is converted to another date: 30 February to 2 March.
        ((1..=12).contains(&self.month) && Self::from_days(days) == self).then_some(days)
    }
}

impl CivilDate {
    /// Returns the date in the form `2025-12-06`, or `None` if the year needs more than four digits.
    ///
    /// Responses contain many timestamps, and this function is several times as fast as `write!`.
    pub(super) fn to_ascii(self) -> Option<[u8; 10]> {
        let year = u16::try_from(self.year)
            .ok()
            .filter(|year| *year < 10_000)?;
        let ([y1, y2], [y3, y4]) = (two_digits(year / 100), two_digits(year % 100));
        let [m1, m2] = two_digits(u16::try_from(self.month).ok()?);
        let [d1, d2] = two_digits(u16::try_from(self.day).ok()?);
        Some([y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2])
    }
}

/// Returns the decimal digits of a number below 100.
pub(super) fn two_digits(number: u16) -> [u8; 2] {
    let [_, tens] = (number / 10 % 10).to_be_bytes();
    let [_, ones] = (number % 10).to_be_bytes();
    [b'0' + tens, b'0' + ones]
}

pub(super) fn write_ascii(f: &mut fmt::Formatter<'_>, ascii: &[u8]) -> fmt::Result {
    f.write_str(std::str::from_utf8(ascii).map_err(|_| fmt::Error)?)
}

/// Writes a value with the width and alignment of the formatter.
pub(super) fn pad(f: &mut fmt::Formatter<'_>, value: &impl fmt::Display) -> fmt::Result {
    f.pad(&value.to_string())
}

/// Writes the date in the form `2025-12-06`. A year below 0 or above 9999 has a sign and at least six digits, which is
/// the expanded form of ISO 8601.
impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        match self.to_ascii() {
            Some(ascii) => write_ascii(f, &ascii),
            None => write!(f, "{year:+07}-{month:02}-{day:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, Days, NaiveDate};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn date_conversion_agrees_with_chrono(days in -95_000_000..95_000_000_i64) {
            let epoch = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap();
            let distance = Days::new(days.unsigned_abs());
            let theirs = if days < 0 { epoch - distance } else { epoch + distance };
            let ours = CivilDate::from_days(days);
            prop_assert_eq!(
                (ours.year, ours.month, ours.day),
                (theirs.year().into(), theirs.month().into(), theirs.day().into())
            );
        }

        #[test]
        fn to_days_is_the_inverse_of_from_days(days in i64::from(i32::MIN)..=i64::from(i32::MAX)) {
            prop_assert_eq!(CivilDate::from_days(days).to_days(), days);
        }
    }
}
