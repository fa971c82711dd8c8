//! The type for timestamps.

use std::fmt;

use super::{
    Date, DateOutOfRange, ParseTimeError,
    calendar::{CivilDate, pad, two_digits, write_ascii},
    parse,
};

pub(super) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(super) const SECONDS_PER_DAY: i64 = 86_400;
/// The seconds from 1970-01-01 to 2000-01-01.
const SECONDS_FROM_1970_TO_2000: i64 = 946_684_800;

/// A timestamp with microsecond precision, or one of the two infinities.
///
/// The text form is RFC 3339 in UTC. A fraction of zero is omitted:
///
/// ```
/// use wts_domain::Timestamp;
///
/// let timestamp = Timestamp::from_unix_seconds(1_765_015_200)?;
/// assert_eq!(timestamp.to_string(), "2025-12-06T10:00:00Z");
/// # Ok::<(), wts_domain::DateOutOfRange>(())
/// ```
///
/// Years below 0 or above 9999, which RFC 3339 does not cover, have the expanded form of ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The timestamp that is later than every finite timestamp.
    pub const INFINITY: Self = Self(i64::MAX);
    /// The timestamp that is earlier than every finite timestamp.
    pub const NEG_INFINITY: Self = Self(i64::MIN);

    /// Creates a timestamp from microseconds since 2000-01-01T00:00:00Z. The smallest and the largest number are the
    /// infinities.
    pub const fn from_micros_since_2000(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since 2000-01-01T00:00:00Z. The smallest and the largest number are the infinities.
    pub const fn micros_since_2000(self) -> i64 {
        self.0
    }

    /// Creates a timestamp from Unix seconds.
    ///
    /// # Errors
    ///
    /// Returns [`DateOutOfRange`] if the timestamp is about 290,000 years or more before or after 2000.
    pub fn from_unix_seconds(seconds: i64) -> Result<Self, DateOutOfRange> {
        seconds
            .checked_sub(SECONDS_FROM_1970_TO_2000)
            .and_then(|seconds| seconds.checked_mul(MICROS_PER_SECOND))
            .map(Self)
            .ok_or(DateOutOfRange)
    }

    /// Returns the Unix seconds, rounded down, or `None` for the infinities.
    ///
    /// ```
    /// use wts_domain::Timestamp;
    ///
    /// let timestamp = Timestamp::from_rfc3339("2025-12-06T10:00:00.5Z")?;
    /// assert_eq!(timestamp.unix_seconds(), Some(1_765_015_200));
    /// assert_eq!(Timestamp::INFINITY.unix_seconds(), None);
    /// # Ok::<(), wts_domain::ParseTimeError>(())
    /// ```
    pub const fn unix_seconds(self) -> Option<i64> {
        match self {
            Self::INFINITY | Self::NEG_INFINITY => None,
            Self(micros) => Some(micros.div_euclid(MICROS_PER_SECOND) + SECONDS_FROM_1970_TO_2000),
        }
    }

    /// Parses an RFC 3339 timestamp with any offset, or any other form that `Display` writes.
    ///
    /// Fractional digits after the sixth are truncated. A leap second becomes the following second, as in PostgreSQL.
    ///
    /// ```
    /// use wts_domain::Timestamp;
    ///
    /// let timestamp = Timestamp::from_rfc3339("2025-12-06T18:00:00.5+08:00")?;
    /// assert_eq!(timestamp.to_string(), "2025-12-06T10:00:00.5Z");
    /// # Ok::<(), wts_domain::ParseTimeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ParseTimeError::NotRfc3339`] if the text has another form or the timestamp is out of range.
    pub fn from_rfc3339(text: &str) -> Result<Self, ParseTimeError> {
        parse::parse_timestamp(text).ok_or(ParseTimeError::NotRfc3339)
    }

    /// Returns midnight UTC at the beginning of a date. An infinite date becomes the infinity of the same sign.
    ///
    /// # Errors
    ///
    /// Returns [`DateOutOfRange`] if the date is outside the range of timestamps, which is smaller than that of dates.
    pub fn midnight_of(date: Date) -> Result<Self, DateOutOfRange> {
        match date {
            Date::INFINITY => Ok(Self::INFINITY),
            Date::NEG_INFINITY => Ok(Self::NEG_INFINITY),
            date => i64::from(date.days_since_2000())
                .checked_mul(SECONDS_PER_DAY * MICROS_PER_SECOND)
                .map(Self)
                .ok_or(DateOutOfRange),
        }
    }
}

// `Deserialize` accepts every RFC 3339 form, because other services can write a form with an offset.
#[cfg(feature = "serde")]
crate::serde_impls::impl_serde_as_text!(Timestamp, Timestamp::from_rfc3339);

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
        let (date, time) = (CivilDate::from_days(days), time_of_day(second));
        // Responses contain many timestamps, and one write is faster than three.
        if let (Some(date), 0) = (date.to_ascii(), micros) {
            let mut text = [b'Z'; 20];
            let (start, end) = text.split_at_mut(date.len());
            start.copy_from_slice(&date);
            end.split_at_mut(time.len()).0.copy_from_slice(&time);
            return write_ascii(f, &text);
        }
        date.fmt(f)?;
        write_ascii(f, &time)?;
        if micros != 0 {
            let digits = format!("{micros:06}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// Returns the text form of a time of day, such as `T10:00:00`, from seconds since midnight.
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

    fn text_form(micros: i64) -> String {
        Timestamp::from_micros_since_2000(micros).to_string()
    }

    #[test]
    fn fraction_of_zero_is_omitted() {
        assert_eq!(text_form(0), "2000-01-01T00:00:00Z");
        assert_eq!(text_form(1), "2000-01-01T00:00:00.000001Z");
        assert_eq!(text_form(120_000), "2000-01-01T00:00:00.12Z");
        assert_eq!(text_form(-1), "1999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn limits_of_the_postgresql_range_are_written() {
        assert_eq!(
            text_form(-211_813_488_000_000_000),
            "-004713-11-24T00:00:00Z"
        );
        assert_eq!(
            text_form(9_223_371_331_199_999_999),
            "+294276-12-31T23:59:59.999999Z"
        );
        assert_eq!(Timestamp::INFINITY.to_string(), "infinity");
        assert_eq!(Timestamp::NEG_INFINITY.to_string(), "-infinity");
    }

    #[test]
    fn timestamp_and_date_are_padded_to_the_width() {
        let (timestamp, date) = (
            Timestamp::from_micros_since_2000(0),
            Date::from_ymd(2025, 12, 8).unwrap(),
        );
        assert_eq!(format!("{timestamp:>22}|"), "  2000-01-01T00:00:00Z|");
        assert_eq!(format!("{date:22}|"), "2025-12-08T00:00:00Z  |");
        assert_eq!(format!("{:10}|", Timestamp::INFINITY), "infinity  |");
    }

    #[test]
    fn timestamp_out_of_range_is_rejected() {
        assert_eq!(Timestamp::from_unix_seconds(i64::MAX), Err(DateOutOfRange));
        assert_eq!(Timestamp::from_unix_seconds(i64::MIN), Err(DateOutOfRange));
        assert_eq!(
            Timestamp::midnight_of(Date::from_days_since_2000(i32::MAX - 1)),
            Err(DateOutOfRange)
        );
    }

    #[test]
    fn midnight_is_formatted_as_a_date() {
        let date = Date::from_ymd(2025, 12, 8).unwrap();
        assert_eq!(
            Timestamp::midnight_of(date).unwrap().to_string(),
            date.to_string()
        );
        assert_eq!(
            Timestamp::midnight_of(Date::INFINITY),
            Ok(Timestamp::INFINITY)
        );
    }

    proptest! {
        #[test]
        fn text_equals_that_of_chrono_for_years_0_to_9999(micros in -62_167_219_200_000_000..253_402_300_800_000_000_i64) {
            let theirs = DateTime::from_timestamp_micros(micros).unwrap();
            let ours = text_form(micros - SECONDS_FROM_1970_TO_2000 * MICROS_PER_SECOND);
            let parsed = DateTime::parse_from_rfc3339(&ours).unwrap();
            prop_assert_eq!(parsed, theirs);
            if micros % MICROS_PER_SECOND == 0 {
                prop_assert_eq!(ours, theirs.to_rfc3339_opts(SecondsFormat::Secs, true));
            }
        }

        #[test]
        fn every_timestamp_can_be_written(micros: i64) {
            let text = text_form(micros);
            prop_assert!(text.ends_with('Z') || text.ends_with("infinity"));
        }

        #[test]
        fn unix_seconds_are_converted_in_both_directions(seconds in -8_000_000_000_000..8_000_000_000_000_i64) {
            let ours = Timestamp::from_unix_seconds(seconds).unwrap();
            prop_assert_eq!(ours.micros_since_2000() / MICROS_PER_SECOND + SECONDS_FROM_1970_TO_2000, seconds);
            prop_assert_eq!(ours.unix_seconds(), Some(seconds));
        }
    }
}
