//! The distribution of submission times over the academic year, the days of the week and the hours of the day.

use wts_domain::{Date, Timestamp};

pub(crate) const MINUTE: i64 = 60 * 1_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The first day of the sample data, 2025-12-06, in days since 2000-01-01. It is the day of the API document's example.
const FIRST_DAY: i64 = 9_471;
const FIRST_YEAR: i32 = 2025;
/// The offset of the university's time zone from UTC.
const UTC_OFFSET: i64 = 8 * HOUR;

/// The weights of the days of a year, as (month, day, percent). A weight applies from its day until the next entry.
const SEASON_WEIGHTS: [(u8, u8, u64); 6] = [
    (1, 18, 5),   // winter holidays
    (2, 21, 180), // the spring term begins
    (3, 8, 100),
    (7, 6, 6),    // summer holidays
    (8, 25, 250), // new students arrive
    (9, 21, 100),
];
/// The weight of the days from Monday to Sunday, in percent.
const WEEKDAY_WEIGHTS: [u64; 7] = [115, 105, 100, 100, 90, 75, 120];
/// The relative weight of each hour of the day, in local time.
const HOUR_WEIGHTS: [u64; 24] = [
    15, 7, 3, 1, 1, 2, 6, 15, 30, 40, 40, 40, 60, 45, 40, 40, 40, 45, 60, 80, 100, 105, 90, 40,
];

/// The calendar of the sample data. Times are microseconds since 2000-01-01 in UTC.
pub(crate) struct Calendar {
    days: u32,
    /// For each hour after the first day, the sum of the weights up to and including that hour.
    cumulative_weights: Vec<u64>,
}

impl Calendar {
    /// Creates a calendar of at least two days. The first day is reserved for the first two tickets.
    pub(crate) fn new(days: u32) -> Self {
        let days = days.max(2);
        let mut sum = 0;
        let cumulative_weights = (1..i64::from(days))
            .flat_map(|day| (0..24).map(move |hour| (day, hour)))
            .map(|(day, hour)| {
                sum += weight(midnight(day) + hour * HOUR);
                sum
            })
            .collect();
        Self {
            days,
            cumulative_weights,
        }
    }

    /// Returns the end of the last day.
    pub(crate) fn end(&self) -> i64 {
        midnight(self.days.into())
    }

    /// Returns the submission time of the ticket with this index out of `count` tickets. Submission times ascend with
    /// the index.
    ///
    /// `random` selects a time between those of the neighbouring tickets.
    pub(crate) fn submission_time(&self, index: u64, count: u64, random: u32) -> i64 {
        let weights = &self.cumulative_weights;
        let total = weights.last().copied().unwrap_or_default();
        // The fraction (index + random / 2^32) / count of the total weight, exact in 128 bits.
        let position = (u128::from(index) << 32) + u128::from(random);
        let target = u128::from(total) * position / (u128::from(count.max(1)) << 32);
        let target = u64::try_from(target)
            .unwrap_or(total)
            .min(total.saturating_sub(1));
        let hour = weights.partition_point(|weight| *weight <= target);
        let before = hour
            .checked_sub(1)
            .and_then(|last| weights.get(last))
            .copied()
            .unwrap_or_default();
        let hour_weight = weights.get(hour).copied().unwrap_or(total) - before;
        let offset =
            i128::from(target - before) * i128::from(HOUR) / i128::from(hour_weight.max(1));
        // In an hour of low weight, one unit of weight is a long time, so `random` also selects a time within the unit.
        let unit = HOUR / i64::try_from(hour_weight.max(1)).unwrap_or(HOUR);
        let within_unit = (i64::from(random) * unit) >> 32;
        let hour = i64::try_from(hour).unwrap_or_default();
        midnight(1) + hour * HOUR + i64::try_from(offset).unwrap_or_default() + within_unit
    }
}

/// Returns the start of the day with this index, in UTC.
pub(crate) fn midnight(day: i64) -> i64 {
    (FIRST_DAY + day) * DAY
}

pub(crate) fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_micros_since_2000(micros)
}

/// Returns the date in the university's time zone.
pub(crate) fn local_date(micros: i64) -> Date {
    let days = (micros + UTC_OFFSET).div_euclid(DAY);
    Date::from_days_since_2000(i32::try_from(days).unwrap_or(i32::MAX - 1))
}

/// Returns the weight of the hour that starts at this time.
fn weight(micros: i64) -> u64 {
    let local = micros + UTC_OFFSET;
    let (days, hour) = (local.div_euclid(DAY), local.rem_euclid(DAY) / HOUR);
    // 2000-01-01 was a Saturday.
    let weekday = (days + 5).rem_euclid(7);
    let get = |weights: &[u64], index: i64| {
        usize::try_from(index)
            .ok()
            .and_then(|index| weights.get(index))
            .copied()
            .unwrap_or(1)
    };
    get(&HOUR_WEIGHTS, hour) * get(&WEEKDAY_WEIGHTS, weekday) * season_weight(days)
}

/// Returns the weight of a day in the academic year, in percent.
fn season_weight(days: i64) -> u64 {
    let year = FIRST_YEAR + i32::try_from((days - FIRST_DAY + 339) / 365).unwrap_or_default();
    // The estimated year assumes 365 days per year, so it can be wrong by one at the end of December.
    [year - 1, year, year + 1]
        .into_iter()
        .flat_map(|year| {
            SEASON_WEIGHTS.map(|(month, day, percent)| (Date::from_ymd(year, month, day), percent))
        })
        .filter_map(|(from, percent)| Some((from.ok()?.days_since_2000(), percent)))
        .take_while(|(from, _)| i64::from(*from) <= days)
        .last()
        .map_or(100, |(_, percent)| percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days_since_2000(year: i32, month: u8, day: u8) -> i64 {
        Date::from_ymd(year, month, day)
            .unwrap()
            .days_since_2000()
            .into()
    }

    #[test]
    fn season_weight_is_low_in_the_holidays_of_every_year() {
        for year in [2026, 2027, 2040, 2125] {
            assert_eq!(season_weight(days_since_2000(year, 1, 1)), 100);
            assert_eq!(season_weight(days_since_2000(year, 1, 17)), 100);
            assert_eq!(season_weight(days_since_2000(year, 1, 18)), 5);
            assert_eq!(season_weight(days_since_2000(year, 9, 1)), 250);
            assert_eq!(season_weight(days_since_2000(year, 8, 1)), 6);
            assert_eq!(season_weight(days_since_2000(year, 12, 31)), 100);
        }
    }

    #[test]
    fn submission_times_ascend_within_the_calendar() {
        for (days, count) in [(2, 10), (126, 400), (1_096, 1_000_000_000)] {
            let calendar = Calendar::new(days);
            let mut last = midnight(1);
            for index in (0..count)
                .step_by(usize::try_from(count / 10 + 1).unwrap())
                .chain([count - 1])
            {
                for random in [0, u32::MAX] {
                    let submitted_at = calendar.submission_time(index, count, random);
                    assert!(submitted_at >= last, "{index} of {count}");
                    assert!(submitted_at < calendar.end(), "{index} of {count}");
                    last = submitted_at;
                }
            }
        }
    }

    #[test]
    fn evening_hour_has_more_weight_than_night_hour() {
        let evening = midnight(10) + 12 * HOUR;
        let night = midnight(10) + 19 * HOUR;
        assert!(weight(evening) > 20 * weight(night));
    }
}
