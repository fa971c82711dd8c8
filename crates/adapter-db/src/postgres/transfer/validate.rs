//! Rejects records with values that PostgreSQL cannot store.

use std::ops::Range;

use wts_app::{Entry, Record, RecordError};
use wts_domain::{Date, Timestamp};

/// The range of `timestamptz`, 4714-11-24 BC to the end of the year 294276, in microseconds since 2000-01-01.
const TIMESTAMP_RANGE: Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;
/// The range of `date`, 4714-11-24 BC to the end of the year 5874897, in days since 2000-01-01.
const DATE_RANGE: Range<i32> = -2_451_545..2_145_031_949;

/// Returns an error that names the field if PostgreSQL cannot store the record.
pub(super) fn validate(entry: &Entry) -> Result<(), RecordError> {
    match &entry.record {
        Record::Staff(staff) => {
            text(entry, "wid", staff.id.as_str())?;
            text(entry, "sid", staff.student.as_str())?;
            text(entry, "name", &staff.name)
        }
        Record::Ticket(ticket) => {
            text(entry, "issuer", ticket.issuer.as_str())?;
            time(entry, "submitted_at", Some(ticket.submitted_at))?;
            text(entry, "description", &ticket.description)?;
            time(entry, "occur_at", ticket.occur_at)?;
            text(entry, "notes", ticket.notes.as_deref().unwrap_or_default())?;
            day(entry, "appointed_at", ticket.appointed_at)?;
            time(entry, "last_updated_at", ticket.last_updated_at)
        }
        Record::Trace(trace) => {
            time(entry, "updated_at", Some(trace.updated_at))?;
            text(entry, "op", trace.op.as_str())?;
            day(entry, "new_appointment", trace.new_appointment)?;
            text(entry, "remark", &trace.remark)
        }
    }
}

fn text(entry: &Entry, field: &str, text: &str) -> Result<(), RecordError> {
    if text.as_bytes().contains(&0) {
        let problem = "holds the character U+0000, which PostgreSQL cannot store";
        return Err(entry.error(field, problem));
    }
    Ok(())
}

fn time(entry: &Entry, field: &str, time: Option<Timestamp>) -> Result<(), RecordError> {
    let is_storable = time.is_none_or(|time| {
        [Timestamp::INFINITY, Timestamp::NEG_INFINITY].contains(&time)
            || TIMESTAMP_RANGE.contains(&time.micros_since_2000())
    });
    if is_storable {
        return Ok(());
    }
    let problem = "expected a moment from -004713-11-24T00:00:00Z to +294276-12-31T23:59:59.999999Z, which is what \
                   PostgreSQL can store";
    Err(entry.error(field, problem))
}

fn day(entry: &Entry, field: &str, day: Option<Date>) -> Result<(), RecordError> {
    let is_storable = day.is_none_or(|day| {
        [Date::INFINITY, Date::NEG_INFINITY].contains(&day)
            || DATE_RANGE.contains(&day.days_since_2000())
    });
    if is_storable {
        return Ok(());
    }
    let problem = "expected a day from -004713-11-24T00:00:00Z to +5874897-12-31T00:00:00Z, which is what PostgreSQL can \
                   store";
    Err(entry.error(field, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_equal_those_of_postgresql() {
        let day = |year, month, day| Date::from_ymd(year, month, day).unwrap().days_since_2000();
        assert_eq!(DATE_RANGE, day(-4713, 11, 24)..day(5_874_898, 1, 1));
        let micros = |text: &str| text.parse::<Timestamp>().unwrap().micros_since_2000();
        assert_eq!(TIMESTAMP_RANGE.start, micros("-004713-11-24T00:00:00Z"));
        assert_eq!(
            TIMESTAMP_RANGE.end - 1,
            micros("+294276-12-31T23:59:59.999999Z")
        );
    }
}
