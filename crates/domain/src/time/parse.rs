//! Parsing of timestamps and dates: the canonical text form, and every RFC 3339 form of a timestamp.

use std::{error::Error, fmt, str::FromStr};

use super::{
    Date, Timestamp,
    calendar::CivilDate,
    timestamp::{MICROS_PER_SECOND, SECONDS_PER_DAY},
};

/// An error returned when parsing a timestamp or a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTimeError {
    /// The text is not a timestamp in the canonical form, which `Display` of [`Timestamp`] writes.
    NotATimestamp,
    /// The text is not an RFC 3339 timestamp, or the timestamp is out of range.
    NotRfc3339,
    /// The text is not a date in the canonical form, which `Display` of [`Date`] writes.
    NotADate,
}

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotATimestamp => {
                "expected a UTC timestamp such as 2025-12-06T10:00:00Z, with at most six fractional digits and no \
                 trailing zeros, or infinity or -infinity"
            }
            Self::NotRfc3339 => "expected an RFC 3339 timestamp such as 2025-12-06T10:00:00Z",
            Self::NotADate => {
                "expected a date written as midnight UTC such as 2025-12-08T00:00:00Z, or infinity or -infinity"
            }
        })
    }
}

impl Error for ParseTimeError {}

/// Parses the canonical form, which `Display` of [`Timestamp`] writes. [`Timestamp::from_rfc3339`] parses every RFC
/// 3339 form.
impl FromStr for Timestamp {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_rfc3339(text)
            .ok()
            .filter(|timestamp| timestamp.to_string() == text)
            .ok_or(ParseTimeError::NotATimestamp)
    }
}

/// Parses the canonical form, which `Display` of [`Date`] writes.
impl FromStr for Date {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "infinity" => Ok(Self::INFINITY),
            "-infinity" => Ok(Self::NEG_INFINITY),
            text => Parser(text.as_bytes())
                .date()
                .and_then(Self::from_civil_date)
                .filter(|date| date.to_string() == text)
                .ok_or(ParseTimeError::NotADate),
        }
    }
}

/// Parses a timestamp in any RFC 3339 form, or an infinity.
pub(super) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    match text {
        "infinity" => return Some(Timestamp::INFINITY),
        "-infinity" => return Some(Timestamp::NEG_INFINITY),
        _ => {}
    }
    let mut parser = Parser(text.as_bytes());
    let (days, micros) = (parser.date()?.to_valid_days()?, parser.time()?);
    // The sum needs 128 bits: the smallest timestamp lies within a day whose midnight is out of range.
    let micros =
        i128::from(days) * i128::from(SECONDS_PER_DAY * MICROS_PER_SECOND) + i128::from(micros);
    let timestamp = Timestamp::from_micros_since_2000(micros.try_into().ok()?);
    let is_finite = timestamp != Timestamp::INFINITY && timestamp != Timestamp::NEG_INFINITY;
    (is_finite && parser.0.is_empty()).then_some(timestamp)
}

/// A parser that holds the rest of the text. Each method parses the next part of the text and removes it.
struct Parser<'a>(&'a [u8]);

impl Parser<'_> {
    /// Parses a date such as `2025-12-06`, `+294276-12-31` or `-004713-11-24`. The result can be a date that does not
    /// exist.
    fn date(&mut self) -> Option<CivilDate> {
        let year = match self.one_of(b"+-") {
            None => self.digits(4)?,
            Some(sign) => {
                // Years of dates have up to seven digits.
                let length = Some(self.count_digits()).filter(|length| (6..=7).contains(length))?;
                let year = self.digits(length)?;
                if sign == b'-' { -year } else { year }
            }
        };
        self.one_of(b"-")?;
        let month = self.digits(2)?;
        self.one_of(b"-")?;
        let day = self.digits(2)?;
        Some(CivilDate { year, month, day })
    }

    /// Parses a time such as `T15:30:00Z`, which can have a fraction, or an offset instead of `Z`. Returns microseconds
    /// since midnight UTC of the date before it.
    ///
    /// A leap second becomes the following second, as in PostgreSQL.
    fn time(&mut self) -> Option<i64> {
        self.one_of(b"Tt")?;
        let minutes = self.hour_and_minute()?;
        self.one_of(b":")?;
        let second = self.digits(2)?;
        let micros = match self.one_of(b".") {
            Some(_) => self.fraction()?,
            None => 0,
        };
        let minutes = match self.one_of(b"Zz+-")? {
            b'+' => minutes - self.hour_and_minute()?,
            b'-' => minutes + self.hour_and_minute()?,
            _ => minutes,
        };
        let is_leap = second == 60 && minutes.rem_euclid(24 * 60) == 24 * 60 - 1;
        (second < 60 || is_leap).then_some((minutes * 60 + second) * MICROS_PER_SECOND + micros)
    }

    /// Parses hours and minutes such as `15:30`, and returns minutes.
    fn hour_and_minute(&mut self) -> Option<i64> {
        let hour = self.digits(2)?;
        self.one_of(b":")?;
        let minute = self.digits(2)?;
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    }

    /// Parses the digits of a fraction of a second, and returns microseconds. Digits after the sixth are ignored.
    fn fraction(&mut self) -> Option<i64> {
        let length = self.count_digits();
        let kept = length.min(6);
        let micros = self.digits((kept > 0).then_some(kept)?)?;
        self.0 = self.0.get(length - kept..)?;
        Some((kept..6).fold(micros, |micros, _| micros * 10))
    }

    fn count_digits(&self) -> usize {
        self.0
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    }

    /// Parses a number of exactly `length` digits.
    fn digits(&mut self, length: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + i64::from(byte - b'0'))
        })
    }

    /// Removes and returns the next byte if `expected` contains it.
    fn one_of(&mut self, expected: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        expected.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }
}

#[cfg(test)]
mod tests;
