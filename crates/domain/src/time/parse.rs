//! Reading moments and days: in the one spelling that they are written in, and moments in any of RFC 3339's.

use std::{error::Error, fmt, str::FromStr};

use super::{
    Day, Timestamp,
    calendar::Date,
    timestamp::{MICROS_PER_SECOND, SECONDS_PER_DAY},
};

/// A text that is not spelled as a moment or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTimeError {
    /// It is no moment, or not in the spelling of [`Timestamp`]'s `Display`.
    NotATimestamp,
    /// It is no moment that can be counted, in none of the spellings of RFC 3339.
    NotRfc3339,
    /// It is no day, or not in the spelling of [`Day`]'s `Display`.
    NotADay,
}

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotATimestamp => {
                "expected a moment in UTC such as 2025-12-06T10:00:00Z, with up to six digits of a fraction and no \
                 zero at their end, or infinity or -infinity"
            }
            Self::NotRfc3339 => "expected a moment in RFC 3339, such as 2025-12-06T10:00:00Z",
            Self::NotADay => {
                "expected a day, written as its UTC midnight, such as 2025-12-08T00:00:00Z, or infinity or -infinity"
            }
        })
    }
}

impl Error for ParseTimeError {}

/// Takes the one spelling that [`Timestamp`]'s `Display` gives, so that what was read is written the same.
/// [`Timestamp::from_rfc3339`] takes them all.
impl FromStr for Timestamp {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_rfc3339(text)
            .ok()
            .filter(|moment| moment.to_string() == text)
            .ok_or(ParseTimeError::NotATimestamp)
    }
}

/// Takes the one spelling that [`Day`]'s `Display` gives, so that what was read is written the same.
impl FromStr for Day {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "infinity" => Ok(Self::INFINITY),
            "-infinity" => Ok(Self::NEG_INFINITY),
            text => Reader(text.as_bytes())
                .date()
                .and_then(Self::from_date)
                .filter(|day| day.to_string() == text)
                .ok_or(ParseTimeError::NotADay),
        }
    }
}

/// Parses a timestamp in any spelling.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    match text {
        "infinity" => return Some(Timestamp::INFINITY),
        "-infinity" => return Some(Timestamp::NEG_INFINITY),
        _ => {}
    }
    let mut reader = Reader(text.as_bytes());
    let (days, micros) = (reader.date()?.to_existing_days()?, reader.time()?);
    // In wider numbers: the first timestamp that can be counted lies within a second that cannot.
    let micros =
        i128::from(days) * i128::from(SECONDS_PER_DAY * MICROS_PER_SECOND) + i128::from(micros);
    let timestamp = Timestamp::from_micros_since_2000(micros.try_into().ok()?);
    let is_finite = timestamp != Timestamp::INFINITY && timestamp != Timestamp::NEG_INFINITY;
    (is_finite && reader.0.is_empty()).then_some(timestamp)
}

/// The rest of a text.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// Reads `2025-12-06`, `+294276-12-31` or `-004713-11-24`. The date may not exist.
    fn date(&mut self) -> Option<Date> {
        let year = match self.one_of(b"+-") {
            None => self.digits(4)?,
            Some(sign) => {
                // Up to one digit more than the longest year that can be counted has.
                let length = Some(self.count_digits()).filter(|length| (6..=7).contains(length))?;
                let year = self.digits(length)?;
                if sign == b'-' { -year } else { year }
            }
        };
        self.one_of(b"-")?;
        let month = self.digits(2)?;
        self.one_of(b"-")?;
        let day = self.digits(2)?;
        Some(Date { year, month, day })
    }

    /// Reads `T15:30:00Z`, perhaps with a fraction, or with an offset instead of the `Z`, as microseconds from the
    /// beginning of the day in UTC.
    ///
    /// A leap second is the second after it, which is how PostgreSQL reads it and how clocks count it.
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

    /// Reads `15:30`, as minutes.
    fn hour_and_minute(&mut self) -> Option<i64> {
        let hour = self.digits(2)?;
        self.one_of(b":")?;
        let minute = self.digits(2)?;
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    }

    /// Reads the digits of a fraction of a second, as microseconds. What is finer is cut off.
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

    /// Reads a number of exactly `length` digits.
    fn digits(&mut self, length: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + i64::from(byte - b'0'))
        })
    }

    /// Reads the next byte, if it is one of `expected`.
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
