//! When tickets are filed: by the year's terms, the days of the week and the hours of the day.

use wts_domain::{Day, Timestamp};

pub(crate) const MINUTE: i64 = 60 * 1_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// 2025-12-06, in days since 2000-01-01: the day of the API document's example, and the first of every campus.
const FIRST_DAY: i64 = 9_471;
const FIRST_YEAR: i32 = 2025;
/// How far the campus is ahead of UTC.
const TIME_ZONE: i64 = 8 * HOUR;

/// How much is filed from a day of the year on: month, day, percent.
const YEAR: [(u8, u8, u64); 6] = [
    (1, 18, 5),   // winter holidays
    (2, 21, 180), // everybody comes back
    (3, 8, 100),
    (7, 6, 6),    // summer holidays
    (8, 25, 250), // the new students move in
    (9, 21, 100),
];
/// How much is filed from Monday to Sunday, in percent.
const WEEK: [u64; 7] = [115, 105, 100, 100, 90, 75, 120];
/// How much is filed in each hour on the campus, in relation to the other hours.
const HOURS: [u64; 24] = [
    15, 7, 3, 1, 1, 2, 6, 15, 30, 40, 40, 40, 60, 45, 40, 40, 40, 45, 60, 80, 100, 105, 90, 40,
];

/// The days of a campus. Times are microseconds since 2000-01-01 in UTC.
pub(crate) struct Calendar {
    days: u32,
    /// The sum of the weights of all hours up to each hour after the first day.
    filed: Vec<u64>,
}

impl Calendar {
    /// A calendar of at least two days, of which the first is kept for the first tickets.
    pub(crate) fn new(days: u32) -> Self {
        let days = days.max(2);
        let mut sum = 0;
        let filed = (1..i64::from(days))
            .flat_map(|day| (0..24).map(move |hour| (day, hour)))
            .map(|(day, hour)| {
                sum += weight(midnight(day) + hour * HOUR);
                sum
            })
            .collect();
        Self { days, filed }
    }

    /// The end of the last day.
    pub(crate) fn end(&self) -> i64 {
        midnight(self.days.into())
    }

    /// Returns when the `nth` of `of` tickets is filed. `chance` is its position between its neighbours. Tickets are filed in
    /// the order of their numbers.
    pub(crate) fn filing_time(&self, nth: u64, of: u64, chance: u32) -> i64 {
        let all = self.filed.last().copied().unwrap_or_default();
        // In fractions of the whole, exact in integers of 128 bits.
        let place = (u128::from(nth) << 32) + u128::from(chance);
        let amount = u128::from(all) * place / (u128::from(of.max(1)) << 32);
        let amount = u64::try_from(amount)
            .unwrap_or(all)
            .min(all.saturating_sub(1));
        let hour = self.filed.partition_point(|filed| *filed <= amount);
        let before = hour
            .checked_sub(1)
            .and_then(|last| self.filed.get(last))
            .copied()
            .unwrap_or_default();
        let within = self.filed.get(hour).copied().unwrap_or(all) - before;
        let share = i128::from(amount - before) * i128::from(HOUR) / i128::from(within.max(1));
        // An hour is cut into few parts where little is filed; the chance spreads the tickets over them.
        let part = HOUR / i64::try_from(within.max(1)).unwrap_or(HOUR);
        let spread = (i64::from(chance) * part) >> 32;
        let hour = i64::try_from(hour).unwrap_or_default();
        midnight(1) + hour * HOUR + i64::try_from(share).unwrap_or_default() + spread
    }
}

/// The beginning of the `day`th day of the campus.
pub(crate) fn midnight(day: i64) -> i64 {
    (FIRST_DAY + day) * DAY
}

pub(crate) fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_micros_since_2000(micros)
}

/// The day in the campus's time zone.
pub(crate) fn day(micros: i64) -> Day {
    let days = (micros + TIME_ZONE).div_euclid(DAY);
    Day::from_days_since_2000(i32::try_from(days).unwrap_or(i32::MAX - 1))
}

/// The weight of the hour that begins at this time.
fn weight(micros: i64) -> u64 {
    let local = micros + TIME_ZONE;
    let (days, hour) = (local.div_euclid(DAY), local.rem_euclid(DAY) / HOUR);
    // 2000-01-01 was a Saturday.
    let weekday = (days + 5).rem_euclid(7);
    let of = |list: &[u64], at: i64| {
        usize::try_from(at)
            .ok()
            .and_then(|at| list.get(at))
            .copied()
            .unwrap_or(1)
    };
    of(&HOURS, hour) * of(&WEEK, weekday) * season(days)
}

/// The weight of a day in its year, in percent.
fn season(days: i64) -> u64 {
    let year = FIRST_YEAR + i32::try_from((days - FIRST_DAY + 339) / 365).unwrap_or_default();
    // Counted in years of 365 days it may be the year after in the last days of December.
    [year - 1, year, year + 1]
        .into_iter()
        .flat_map(|year| {
            YEAR.map(|(month, day, percent)| (Day::from_ymd(year, month, day), percent))
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
        Day::from_ymd(year, month, day)
            .unwrap()
            .days_since_2000()
            .into()
    }

    #[test]
    fn season_has_terms_and_holidays_in_every_year() {
        for year in [2026, 2027, 2040, 2125] {
            assert_eq!(season(days_since_2000(year, 1, 1)), 100);
            assert_eq!(season(days_since_2000(year, 1, 17)), 100);
            assert_eq!(season(days_since_2000(year, 1, 18)), 5);
            assert_eq!(season(days_since_2000(year, 9, 1)), 250);
            assert_eq!(season(days_since_2000(year, 8, 1)), 6);
            assert_eq!(season(days_since_2000(year, 12, 31)), 100);
        }
    }

    #[test]
    fn filing_times_ascend_within_the_calendar() {
        for (days, of) in [(2, 10), (126, 400), (1_096, 1_000_000_000)] {
            let calendar = Calendar::new(days);
            let mut last = midnight(1);
            for nth in (0..of)
                .step_by(usize::try_from(of / 10 + 1).unwrap())
                .chain([of - 1])
            {
                for chance in [0, u32::MAX] {
                    let now = calendar.filing_time(nth, of, chance);
                    assert!(now >= last, "{nth} of {of}");
                    assert!(now < calendar.end(), "{nth} of {of}");
                    last = now;
                }
            }
        }
    }

    #[test]
    fn evenings_are_busier_than_nights() {
        let evening = midnight(10) + 12 * HOUR;
        let night = midnight(10) + 19 * HOUR;
        assert!(weight(evening) > 20 * weight(night));
    }
}
