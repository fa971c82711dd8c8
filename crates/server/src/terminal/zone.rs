//! Timestamps in the time zone of the machine.

use std::env;

use tz::TimeZone;
use wts_domain::Timestamp;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// The day of the week of 2000-01-01, counted from Monday.
const SATURDAY: i64 = 5;

/// A time zone.
pub(crate) struct Zone(TimeZone);

/// A finite timestamp in a time zone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LocalTime {
    /// The date, such as `2025-12-06`.
    pub(crate) date: String,
    /// The day of the week, from 0 for Monday.
    pub(crate) weekday: usize,
    /// The time of day, such as `18:00`.
    pub(crate) time: String,
    /// The offset from UTC, such as `UTC+08:00`.
    pub(crate) offset: String,
}

impl Zone {
    pub(crate) fn utc() -> Self {
        Self(TimeZone::utc())
    }

    /// Returns the time zone in the environment variable `TZ`, or else that of the machine, or else UTC.
    pub(crate) fn local() -> Self {
        let zone = match env::var("TZ") {
            Ok(name) if !name.is_empty() => Self::named(&name),
            _ => TimeZone::local().ok().map(Self),
        };
        zone.unwrap_or_else(Self::utc)
    }

    /// Returns the time zone with a name such as `Asia/Shanghai`, or with rules in the form of POSIX.
    pub(crate) fn named(name: &str) -> Option<Self> {
        TimeZone::from_posix_tz(name).ok().map(Self)
    }

    /// Converts a timestamp; `None` if it is infinite.
    pub(crate) fn convert(&self, timestamp: Timestamp) -> Option<LocalTime> {
        let local_type = self
            .0
            .find_local_time_type(timestamp.unix_seconds()?)
            .ok()
            .map(|local_type| i64::from(local_type.ut_offset()));
        // At the limits of the range, the time in the zone may be out of range.
        let (offset, micros) = local_type
            .and_then(|offset| {
                let difference = offset * MICROS_PER_SECOND;
                Some((
                    offset,
                    timestamp.micros_since_2000().checked_add(difference)?,
                ))
            })
            .unwrap_or((0, timestamp.micros_since_2000()));
        let text = Timestamp::from_micros_since_2000(micros).to_string();
        let (date, time) = text.split_once('T')?;
        let weekday = (micros.div_euclid(MICROS_PER_DAY) + SATURDAY).rem_euclid(7);
        Some(LocalTime {
            date: date.to_owned(),
            weekday: usize::try_from(weekday).ok()?,
            time: time.get(..5)?.to_owned(),
            offset: offset_text(offset),
        })
    }
}

/// Returns the name of an offset in seconds.
fn offset_text(offset: i64) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    match minutes {
        0 => "UTC".to_owned(),
        _ => format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> Zone {
        Zone(TimeZone::fixed(8 * 3_600).unwrap())
    }

    fn converted(zone: &Zone, text: &str) -> String {
        let timestamp = Timestamp::from_rfc3339(text).unwrap();
        let local = zone.convert(timestamp).unwrap();
        format!(
            "{} {} {} {}",
            local.date, local.weekday, local.time, local.offset
        )
    }

    #[test]
    fn time_is_shown_in_the_zone() {
        assert_eq!(
            converted(&shanghai(), "2025-12-06T15:59:59Z"),
            "2025-12-06 5 23:59 UTC+08:00"
        );
        assert_eq!(
            converted(&shanghai(), "2025-12-06T16:00:00Z"),
            "2025-12-07 6 00:00 UTC+08:00"
        );
        assert_eq!(
            converted(&Zone::utc(), "1999-12-31T23:30:00.5Z"),
            "1999-12-31 4 23:30 UTC"
        );
        let newfoundland = Zone::named("NST3:30NDT,M3.2.0,M11.1.0").unwrap();
        assert_eq!(
            converted(&newfoundland, "2025-01-01T00:00:00Z"),
            "2024-12-31 1 20:30 UTC-03:30"
        );
        assert_eq!(
            converted(&newfoundland, "2025-07-01T00:00:00Z"),
            "2025-06-30 0 21:30 UTC-02:30"
        );
    }

    #[test]
    fn timestamps_at_the_limits_are_converted() {
        assert_eq!(shanghai().convert(Timestamp::INFINITY), None);
        assert_eq!(shanghai().convert(Timestamp::NEG_INFINITY), None);
        let last = Timestamp::from_micros_since_2000(i64::MAX - 1);
        assert_eq!(shanghai().convert(last).unwrap().offset, "UTC");
        let last = Timestamp::from_rfc3339("+294276-12-31T23:59:59Z").unwrap();
        assert_eq!(shanghai().convert(last).unwrap().date, "+294277-01-01");
    }
}
