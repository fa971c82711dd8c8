//! What PostgreSQL cannot hold.

use std::ops::Range;

use wts_app::{BulkError, Entry, Place, Record};
use wts_domain::{Day, Timestamp};

/// 4714-11-24 BC up to the year 294277, in microseconds since 2000-01-01.
const MOMENTS: Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;
/// 4714-11-24 BC up to the year 5874898, in days since 2000-01-01.
const DAYS: Range<i32> = -2_451_545..2_145_031_949;

/// Finds what PostgreSQL would refuse, so that it can be told where that stands.
pub(super) fn ensure_storable(entry: &Entry) -> Result<(), BulkError> {
    let check = Check { entry };
    match &entry.record {
        Record::Staff(staff) => {
            check.text("wid", staff.id.as_str())?;
            check.text("sid", staff.student.as_str())?;
            check.text("name", &staff.name)
        }
        Record::Ticket(ticket) => {
            check.text("issuer", ticket.issuer.as_str())?;
            check.moment("submitted_at", Some(ticket.submitted_at))?;
            check.text("description", &ticket.description)?;
            check.moment("occur_at", ticket.occur_at)?;
            check.text("notes", ticket.notes.as_deref().unwrap_or_default())?;
            check.day("appointed_at", ticket.appointed_at)?;
            check.moment("last_updated_at", ticket.last_updated_at)
        }
        Record::Trace(trace) => {
            check.moment("updated_at", Some(trace.updated_at))?;
            check.text("op", trace.op.as_str())?;
            check.day("new_appointment", trace.new_appointment)?;
            check.text("remark", &trace.remark)
        }
    }
}

struct Check<'a> {
    entry: &'a Entry,
}

impl Check<'_> {
    fn text(&self, field: &str, text: &str) -> Result<(), BulkError> {
        if text.as_bytes().contains(&0) {
            return self.refuse(
                field,
                "holds the character U+0000, which PostgreSQL cannot store",
            );
        }
        Ok(())
    }

    fn moment(&self, field: &str, moment: Option<Timestamp>) -> Result<(), BulkError> {
        let is_held = moment.is_none_or(|moment| {
            [Timestamp::INFINITY, Timestamp::NEG_INFINITY].contains(&moment)
                || MOMENTS.contains(&moment.micros_since_2000())
        });
        if is_held {
            return Ok(());
        }
        self.refuse(
            field,
            "expected a moment from -004713-11-24T00:00:00Z to +294276-12-31T23:59:59.999999Z, which is what PostgreSQL \
             can store",
        )
    }

    fn day(&self, field: &str, day: Option<Day>) -> Result<(), BulkError> {
        let is_held = day.is_none_or(|day| {
            [Day::INFINITY, Day::NEG_INFINITY].contains(&day)
                || DAYS.contains(&day.days_since_2000())
        });
        if is_held {
            return Ok(());
        }
        self.refuse(
            field,
            "expected a day from -004713-11-24T00:00:00Z to +5874897-12-31T00:00:00Z, which is what PostgreSQL can store",
        )
    }

    fn refuse(&self, field: &str, problem: &str) -> Result<(), BulkError> {
        let place = Place::of(self.entry).field(field);
        Err(BulkError::BadRecord(place.fault(problem)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_those_of_postgresql() {
        let day = |year, month, day| Day::from_ymd(year, month, day).unwrap().days_since_2000();
        assert_eq!(DAYS, day(-4713, 11, 24)..day(5_874_898, 1, 1));
        let micros = |text: &str| text.parse::<Timestamp>().unwrap().micros_since_2000();
        assert_eq!(MOMENTS.start, micros("-004713-11-24T00:00:00Z"));
        assert_eq!(MOMENTS.end - 1, micros("+294276-12-31T23:59:59.999999Z"));
    }
}
