//! Reading moments and days: in the one spelling that they are written in, and moments in any of RFC 3339's.

use std::{error::Error, fmt, str::FromStr};

use super::{
    Day, OutOfCalendar, Timestamp,
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
                .and_then(|date| Self::of(date).ok())
                .filter(|day| day.to_string() == text)
                .ok_or(ParseTimeError::NotADay),
        }
    }
}

/// A moment, in any spelling.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    match text {
        "infinity" => return Some(Timestamp::INFINITY),
        "-infinity" => return Some(Timestamp::NEG_INFINITY),
        _ => {}
    }
    let mut reader = Reader(text.as_bytes());
    let days = reader.date()?.to_existing_days().ok()?;
    let micros = reader.time()?.micros().ok()?;
    // In wider numbers: the first moment that can be counted lies within a second that cannot.
    let micros =
        i128::from(days) * i128::from(SECONDS_PER_DAY * MICROS_PER_SECOND) + i128::from(micros);
    let moment = Timestamp::from_micros_since_2000(micros.try_into().ok()?);
    let finite = moment != Timestamp::INFINITY && moment != Timestamp::NEG_INFINITY;
    (finite && reader.0.is_empty()).then_some(moment)
}

/// A time of day, somewhere in the world. Only its shape is right until it has been counted.
struct Time {
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    /// East of Greenwich.
    offset_minutes: i64,
}

impl Time {
    /// Microseconds from the beginning of the day in UTC.
    ///
    /// A leap second is the second after it, which is how PostgreSQL reads it and how clocks count it.
    fn micros(&self) -> Result<i64, OutOfCalendar> {
        let minutes = self.hour * 60 + self.minute - self.offset_minutes;
        let is_leap = self.second == 60 && minutes.rem_euclid(24 * 60) == 24 * 60 - 1;
        if self.hour > 23 || self.minute > 59 || (self.second > 59 && !is_leap) {
            return Err(OutOfCalendar);
        }
        Ok((minutes * 60 + self.second) * MICROS_PER_SECOND + self.micros)
    }
}

/// What is left of a text.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// `2025-12-06`, `+294276-12-31` or `-004713-11-24`.
    fn date(&mut self) -> Option<Date> {
        let year = match self.one_of(b"+-") {
            None => self.digits(4)?,
            Some(sign) => {
                let length = self
                    .0
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                // One more than the longest year that can be counted has.
                let year = self.digits((6..=7).contains(&length).then_some(length)?)?;
                if sign == b'-' { -year } else { year }
            }
        };
        self.one_of(b"-")?;
        let month = self.digits(2)?;
        self.one_of(b"-")?;
        let day = self.digits(2)?;
        Some(Date { year, month, day })
    }

    /// `T15:30:00Z`, perhaps with a fraction, or with an offset instead of the `Z`.
    fn time(&mut self) -> Option<Time> {
        self.one_of(b"Tt")?;
        let (hour, minute) = self.hour_and_minute()?;
        self.one_of(b":")?;
        let second = self.digits(2)?;
        let micros = match self.one_of(b".") {
            Some(_) => self.fraction()?,
            None => 0,
        };
        let offset_minutes = match self.one_of(b"Zz+-")? {
            b'Z' | b'z' => 0,
            sign => {
                let (hours, minutes) = self.hour_and_minute()?;
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let east = hours * 60 + minutes;
                if sign == b'-' { -east } else { east }
            }
        };
        Some(Time {
            hour,
            minute,
            second,
            micros,
            offset_minutes,
        })
    }

    fn hour_and_minute(&mut self) -> Option<(i64, i64)> {
        let hour = self.digits(2)?;
        self.one_of(b":")?;
        Some((hour, self.digits(2)?))
    }

    /// The digits of a fraction of a second, as microseconds. What is finer is cut off.
    fn fraction(&mut self) -> Option<i64> {
        let length = self
            .0
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let kept = length.min(6);
        let mut micros = self.digits((kept > 0).then_some(kept)?)?;
        for _ in kept..6 {
            micros *= 10;
        }
        self.0 = self.0.get(length - kept..)?;
        Some(micros)
    }

    /// A number of exactly so many digits.
    fn digits(&mut self, length: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + i64::from(byte - b'0'))
        })
    }

    /// The next byte, if it is one of these.
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
