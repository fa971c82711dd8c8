//! The text of the parts of a trace.

use anstyle::{AnsiColor, Style};
use wts_domain::{Actor, FieldValue, Status, Timestamp, Trace};

use super::{
    text::{BOLD, DIM, Text},
    visible::visible,
    words::Words,
    zone::{LocalTime, Zone},
};

/// Returns the style of a status.
pub(crate) fn status_style(status: Status) -> Style {
    match status {
        Status::Fresh => AnsiColor::Blue.on_default(),
        Status::Scheduled => AnsiColor::Cyan.on_default(),
        Status::Delay => AnsiColor::Yellow.on_default(),
        Status::Escalated => AnsiColor::Magenta.on_default(),
        Status::Solved => AnsiColor::Green.on_default(),
        _ => DIM,
    }
}

impl Words {
    /// Returns the label of a value.
    pub(crate) fn value(&self, value: FieldValue) -> Text {
        let label = value.label(self.language);
        match value {
            FieldValue::Status(status) => Text::new(status_style(status), label),
            FieldValue::Appointment(date) => {
                Text::unstyled(self.infinite_date(date).unwrap_or(&label))
            }
            _ => Text::unstyled(label),
        }
    }

    /// Returns the name and the staff number of the actor, or the kind of actor.
    pub(crate) fn actor(&self, trace: &Trace) -> Text {
        let actor = Actor::from(&trace.op);
        let label = actor.label(self.language);
        if actor != Actor::Operator {
            return Text::new(BOLD, label);
        }
        let name = match trace.op_name.as_str() {
            "" => Text::new(BOLD, label),
            name => visible(name, BOLD),
        };
        name.with(Text::unstyled(" "))
            .with(visible(trace.op.as_str(), DIM))
    }

    /// Returns the date and the time of day.
    pub(crate) fn date_and_time(&self, timestamp: Timestamp, zone: &Zone) -> String {
        match zone.convert(timestamp) {
            Some(LocalTime { date, time, .. }) => format!("{date} {time}"),
            None => self.infinite_time(timestamp).unwrap_or_default().to_owned(),
        }
    }

    /// Returns the date and the day of the week.
    pub(crate) fn day(&self, time: &LocalTime) -> String {
        let weekday = self.weekdays.get(time.weekday).unwrap_or(&"");
        format!("{} {weekday}", time.date)
    }
}
