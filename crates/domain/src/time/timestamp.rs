//! A moment.

use std::fmt;

use super::{
    DateOutOfRange, Day, ParseTimeError,
    calendar::{Date, pad, two_digits, write_ascii},
    parse,
};

pub(super) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(super) const SECONDS_PER_DAY: i64 = 86_400;
/// 1970-01-01 to 2000-01-01.
const UNIX_EPOCH_TO_2000: i64 = 946_684_800;

/// A moment to the microsecond, or one of the two infinities.
///
/// It is written as RFC 3339 in UTC, with a fraction only where there is one:
///
/// ```
/// use wts_domain::Timestamp;
///
/// let moment = Timestamp::from_unix_seconds(1_765_015_200)?;
/// assert_eq!(moment.to_string(), "2025-12-06T10:00:00Z");
/// # Ok::<(), wts_domain::DateOutOfRange>(())
/// ```
///
/// RFC 3339 ends with the year 9999; later years, and those before 0, are written in ISO 8601's expanded form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Later than every moment.
    pub const INFINITY: Self = Self(i64::MAX);
    /// Earlier than every moment.
    pub const NEG_INFINITY: Self = Self(i64::MIN);

    /// The moment so many microseconds after 2000-01-01T00:00:00Z; the least and the greatest number are the
    /// infinities.
    pub const fn from_micros_since_2000(micros: i64) -> Self {
        Self(micros)
    }

    /// How many microseconds after 2000-01-01T00:00:00Z; the least and the greatest number are the infinities.
    pub const fn micros_since_2000(self) -> i64 {
        self.0
    }

    /// The moment so many seconds after 1970-01-01T00:00:00Z, leap seconds not counted.
    ///
    /// # Errors
    ///
    /// [`DateOutOfRange`] if that is some 290,000 years away or more.
    pub fn from_unix_seconds(seconds: i64) -> Result<Self, DateOutOfRange> {
        seconds
            .checked_sub(UNIX_EPOCH_TO_2000)
            .and_then(|seconds| seconds.checked_mul(MICROS_PER_SECOND))
            .map(Self)
            .ok_or(DateOutOfRange)
    }

    /// How many seconds after 1970-01-01T00:00:00Z, leap seconds not counted and what is less than a second cut off
    /// downwards; `None` for the infinities.
    ///
    /// ```
    /// use wts_domain::Timestamp;
    ///
    /// let moment = Timestamp::from_rfc3339("2025-12-06T10:00:00.5Z")?;
    /// assert_eq!(moment.unix_seconds(), Some(1_765_015_200));
    /// assert_eq!(Timestamp::INFINITY.unix_seconds(), None);
    /// # Ok::<(), wts_domain::ParseTimeError>(())
    /// ```
    pub const fn unix_seconds(self) -> Option<i64> {
        match self {
            Self::INFINITY | Self::NEG_INFINITY => None,
            Self(micros) => Some(micros.div_euclid(MICROS_PER_SECOND) + UNIX_EPOCH_TO_2000),
        }
    }

    /// A moment in RFC 3339, wherever in the world it was written, or in any other form that a [`Timestamp`] is written
    /// in. What is finer than a microsecond is cut off, and a leap second is the second after it, as in PostgreSQL.
    ///
    /// ```
    /// use wts_domain::Timestamp;
    ///
    /// let moment = Timestamp::from_rfc3339("2025-12-06T18:00:00.5+08:00")?;
    /// assert_eq!(moment.to_string(), "2025-12-06T10:00:00.5Z");
    /// # Ok::<(), wts_domain::ParseTimeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ParseTimeError::NotRfc3339`] if it is none.
    pub fn from_rfc3339(text: &str) -> Result<Self, ParseTimeError> {
        parse::timestamp(text).ok_or(ParseTimeError::NotRfc3339)
    }

    /// The first moment of a day in UTC. An infinite day is the infinite moment of the same sign.
    ///
    /// # Errors
    ///
    /// [`DateOutOfRange`] for days that are countable where their moments are not.
    pub fn midnight_of(day: Day) -> Result<Self, DateOutOfRange> {
        match day {
            Day::INFINITY => Ok(Self::INFINITY),
            Day::NEG_INFINITY => Ok(Self::NEG_INFINITY),
            day => i64::from(day.days_since_2000())
                .checked_mul(SECONDS_PER_DAY * MICROS_PER_SECOND)
                .map(Self)
                .ok_or(DateOutOfRange),
        }
    }
}

// Other services may write an offset, for example.
#[cfg(feature = "serde")]
crate::serde_impls::as_text!(Timestamp, Timestamp::from_rfc3339);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.width().is_some() {
            return pad(f, self);
        }
        let micros = match *self {
            Self::INFINITY => return f.write_str("infinity"),
            Self::NEG_INFINITY => return f.write_str("-infinity"),
            Self(micros) => micros,
        };
        let (seconds, micros) = (
            micros.div_euclid(MICROS_PER_SECOND),
            micros.rem_euclid(MICROS_PER_SECOND),
        );
        let (days, second) = (
            seconds.div_euclid(SECONDS_PER_DAY),
            seconds.rem_euclid(SECONDS_PER_DAY),
        );
        Date::from_days(days).fmt(f)?;
        write_ascii(f, &time_of_day(second))?;
        if micros != 0 {
            let digits = format!("{micros:06}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// `T10:00:00`, so many seconds after midnight.
fn time_of_day(second: i64) -> [u8; 9] {
    let [second, minute, hour] = [second % 60, second / 60 % 60, second / 3_600]
        .map(|part| u16::try_from(part).unwrap_or(0));
    let ([h1, h2], [m1, m2], [s1, s2]) = (two_digits(hour), two_digits(minute), two_digits(second));
    [b'T', h1, h2, b':', m1, m2, b':', s1, s2]
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, SecondsFormat};
    use proptest::prelude::*;

    use super::*;

    fn written(micros: i64) -> String {
        Timestamp::from_micros_since_2000(micros).to_string()
    }

    #[test]
    fn a_fraction_is_written_only_where_there_is_one() {
        assert_eq!(written(0), "2000-01-01T00:00:00Z");
        assert_eq!(written(1), "2000-01-01T00:00:00.000001Z");
        assert_eq!(written(120_000), "2000-01-01T00:00:00.12Z");
        assert_eq!(written(-1), "1999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn the_ends_of_time_that_postgresql_holds_are_written() {
        assert_eq!(written(-211_813_488_000_000_000), "-004713-11-24T00:00:00Z");
        assert_eq!(
            written(9_223_371_331_199_999_999),
            "+294276-12-31T23:59:59.999999Z"
        );
        assert_eq!(Timestamp::INFINITY.to_string(), "infinity");
        assert_eq!(Timestamp::NEG_INFINITY.to_string(), "-infinity");
    }

    #[test]
    fn moments_and_days_are_as_wide_as_they_are_asked_to_be() {
        let (moment, day) = (
            Timestamp::from_micros_since_2000(0),
            Day::from_ymd(2025, 12, 8).unwrap(),
        );
        assert_eq!(format!("{moment:>22}|"), "  2000-01-01T00:00:00Z|");
        assert_eq!(format!("{day:22}|"), "2025-12-08T00:00:00Z  |");
        assert_eq!(format!("{:10}|", Timestamp::INFINITY), "infinity  |");
    }

    #[test]
    fn a_moment_beyond_counting_is_refused() {
        assert_eq!(Timestamp::from_unix_seconds(i64::MAX), Err(DateOutOfRange));
        assert_eq!(Timestamp::from_unix_seconds(i64::MIN), Err(DateOutOfRange));
        assert_eq!(
            Timestamp::midnight_of(Day::from_days_since_2000(i32::MAX - 1)),
            Err(DateOutOfRange)
        );
    }

    #[test]
    fn a_day_begins_at_its_midnight() {
        let day = Day::from_ymd(2025, 12, 8).unwrap();
        assert_eq!(
            Timestamp::midnight_of(day).unwrap().to_string(),
            day.to_string()
        );
        assert_eq!(
            Timestamp::midnight_of(Day::INFINITY),
            Ok(Timestamp::INFINITY)
        );
    }

    proptest! {
        #[test]
        fn agrees_with_chrono_in_the_years_of_rfc_3339(micros in -62_167_219_200_000_000..253_402_300_800_000_000_i64) {
            let theirs = DateTime::from_timestamp_micros(micros).unwrap();
            let ours = written(micros - UNIX_EPOCH_TO_2000 * MICROS_PER_SECOND);
            let parsed = DateTime::parse_from_rfc3339(&ours).unwrap();
            prop_assert_eq!(parsed, theirs);
            if micros % MICROS_PER_SECOND == 0 {
                prop_assert_eq!(ours, theirs.to_rfc3339_opts(SecondsFormat::Secs, true));
            }
        }

        #[test]
        fn no_moment_is_beyond_writing(micros: i64) {
            let text = written(micros);
            prop_assert!(text.ends_with('Z') || text.ends_with("infinity"));
        }

        #[test]
        fn unix_seconds_are_counted_from_1970(seconds in -8_000_000_000_000..8_000_000_000_000_i64) {
            let ours = Timestamp::from_unix_seconds(seconds).unwrap();
            prop_assert_eq!(ours.micros_since_2000() / MICROS_PER_SECOND + UNIX_EPOCH_TO_2000, seconds);
            prop_assert_eq!(ours.unix_seconds(), Some(seconds));
        }
    }
}
