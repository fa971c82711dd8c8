//! Reading moments and days in the one spelling that they are written in.

use std::{error::Error, fmt, str::FromStr};

use super::{Day, Timestamp, calendar::Date};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// The digits that microseconds need.
const FRACTION: usize = 6;

/// A text that is not spelled as a moment or a day is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTimeError {
    /// It is no moment, or not in the spelling of [`Timestamp`]'s `Display`.
    NotATimestamp,
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
            Self::NotADay => {
                "expected a day, written as its UTC midnight, such as 2025-12-08T00:00:00Z, or infinity or -infinity"
            }
        })
    }
}

impl Error for ParseTimeError {}

/// Takes the one spelling that [`Timestamp`]'s `Display` gives, so that what was read is written the same.
impl FromStr for Timestamp {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "infinity" => Ok(Self::INFINITY),
            "-infinity" => Ok(Self::NEG_INFINITY),
            text => moment(text.as_bytes()).ok_or(ParseTimeError::NotATimestamp),
        }
    }
}

/// Takes the one spelling that [`Day`]'s `Display` gives, so that what was read is written the same.
impl FromStr for Day {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "infinity" => Ok(Self::INFINITY),
            "-infinity" => Ok(Self::NEG_INFINITY),
            text => day(text.as_bytes()).ok_or(ParseTimeError::NotADay),
        }
    }
}

fn moment(text: &[u8]) -> Option<Timestamp> {
    let (days, text) = date(text)?;
    let ([b'T', h1, h2, b':', m1, m2, b':', s1, s2], text) = text.split_first_chunk::<9>()? else {
        return None;
    };
    let [hour, minute, second] = [[*h1, *h2], [*m1, *m2], [*s1, *s2]].map(|two| number(&two));
    let (hour, minute, second) = (hour?, minute?, second?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second;
    let micros = match text {
        b"Z" => 0,
        [b'.', digits @ .., b'Z'] => fraction(digits)?,
        _ => return None,
    };
    // In wider numbers: the first moment that can be counted lies within a second that cannot.
    let micros = i128::from(seconds) * i128::from(MICROS_PER_SECOND) + i128::from(micros);
    let moment = Timestamp::from_micros_since_2000(micros.try_into().ok()?);
    (moment != Timestamp::INFINITY && moment != Timestamp::NEG_INFINITY).then_some(moment)
}

fn day(text: &[u8]) -> Option<Day> {
    let (days, rest) = date(text)?;
    let day = Day::from_days_since_2000(days.try_into().ok()?);
    (rest == b"T00:00:00Z" && day != Day::INFINITY && day != Day::NEG_INFINITY).then_some(day)
}

/// The date that `text` begins with, in days since 2000-01-01, and what comes after it.
fn date(text: &[u8]) -> Option<(i64, &[u8])> {
    let signed = matches!(text.first()?, b'+' | b'-');
    let length = text.iter().skip(1).position(|byte| *byte == b'-')? + 1;
    let (year, rest) = text.split_at_checked(length)?;
    let ([b'-', m1, m2, b'-', d1, d2], rest) = rest.split_first_chunk::<6>()? else {
        return None;
    };
    let date = Date {
        year: if signed {
            expanded_year(year)?
        } else {
            (length == 4).then(|| number(year)).flatten()?
        },
        month: number(&[*m1, *m2])?,
        day: number(&[*d1, *d2])?,
    };
    let days = date.to_days();
    // Days that the calendar does not have come back as others: 30 February as 2 March.
    ((1..=12).contains(&date.month) && Date::from_days(days) == date).then_some((days, rest))
}

/// A year that four digits cannot hold: its sign and at least six digits.
fn expanded_year(text: &[u8]) -> Option<i64> {
    let (sign, digits) = text.split_first()?;
    // No more than seven, which every year that can be counted fits in; and no zero in front that need not be there.
    let expected = match digits.len() {
        6 => true,
        7 => digits.first() != Some(&b'0'),
        _ => false,
    };
    let year = number(digits)? * if *sign == b'-' { -1 } else { 1 };
    (expected && !(0..10_000).contains(&year)).then_some(year)
}

/// Up to six digits behind the point, the last of which is not zero, in millionths.
fn fraction(digits: &[u8]) -> Option<i64> {
    if digits.len() > FRACTION || matches!(digits.last(), None | Some(b'0')) {
        return None;
    }
    let missing = u32::try_from(FRACTION - digits.len()).ok()?;
    Some(number(digits)? * 10_i64.pow(missing))
}

/// Decimal digits and nothing else, few enough not to overflow.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number: i64, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts that are nearly moments.
    fn nearly() -> impl Strategy<Value = String> {
        "[+-]?[0-9]{3,8}-[0-9]{1,2}-[0-9]{1,2}(T[0-2]?[0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,7})?Z?)?|\\PC{0,24}"
    }

    proptest! {
        #[test]
        fn every_moment_that_is_written_is_read_back(micros: i64) {
            let moment = Timestamp::from_micros_since_2000(micros);
            prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        }

        #[test]
        fn every_day_that_is_written_is_read_back(days: i32) {
            let day = Day::from_days_since_2000(days);
            prop_assert_eq!(day.to_string().parse(), Ok(day));
        }

        #[test]
        fn whatever_is_read_is_written_the_same(text in nearly()) {
            if let Ok(moment) = text.parse::<Timestamp>() {
                prop_assert_eq!(moment.to_string(), text.clone());
            }
            if let Ok(day) = text.parse::<Day>() {
                prop_assert_eq!(day.to_string(), text);
            }
        }
    }

    #[test]
    fn the_ends_of_what_can_be_counted_are_read_back() {
        for micros in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
            let moment = Timestamp::from_micros_since_2000(micros);
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
        for days in [i32::MIN, i32::MIN + 1, -1, 0, i32::MAX - 1, i32::MAX] {
            let day = Day::from_days_since_2000(days);
            assert_eq!(day.to_string().parse(), Ok(day));
        }
    }

    #[test]
    fn a_moment_has_one_spelling() {
        for text in [
            "",
            "2025-12-06",
            "2025-12-06T10:00:00",
            "2025-12-06 10:00:00Z",
            "2025-12-06T10:00:00+00:00",
            "2025-12-06T10:00:00z",
            "2025-12-06t10:00:00Z",
            "2025-12-06T10:00Z",
            "2025-12-06T24:00:00Z",
            "2025-12-06T10:60:00Z",
            "2025-12-06T10:00:60Z",
            "2025-12-06T10:00:00.Z",
            "2025-12-06T10:00:00.50Z",
            "2025-12-06T10:00:00.0000001Z",
            "2025-02-29T10:00:00Z",
            "2025-00-01T10:00:00Z",
            "2025-13-01T10:00:00Z",
            "25-12-06T10:00:00Z",
            "02025-12-06T10:00:00Z",
            "+002025-12-06T10:00:00Z",
            "-000000-12-06T10:00:00Z",
            "+0294276-12-31T23:59:59Z",
            "+294277-12-31T23:59:59Z",
            "+99999999999999999999-01-01T00:00:00Z",
            "２０２５-12-06T10:00:00Z",
            "Infinity",
            "+infinity",
        ] {
            assert_eq!(
                text.parse::<Timestamp>(),
                Err(ParseTimeError::NotATimestamp),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_day_is_a_midnight_and_nothing_else() {
        for text in [
            "2025-12-08",
            "2025-12-08T00:00:01Z",
            "2025-12-08T00:00:00.5Z",
            "2025-02-30T00:00:00Z",
            "+5881611-01-01T00:00:00Z",
        ] {
            assert_eq!(
                text.parse::<Day>(),
                Err(ParseTimeError::NotADay),
                "{text:?}"
            );
        }
    }
}
