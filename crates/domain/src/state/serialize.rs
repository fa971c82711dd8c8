//! `Serialize` implementations for changes and states. The ticket system's API defines the names and the order of the
//! JSON members.

use std::fmt::Display;

use serde::{
    Serialize, Serializer,
    ser::{SerializeSeq as _, SerializeStruct as _},
};

use crate::{
    Category, FieldChange, FieldValue, Priority, Status, StatusPeriod, TicketState, TraceChanges,
};

/// An optional value that is serialized as text. `None` is serialized as `""`.
struct TextOrEmpty<T>(Option<T>);

impl<T: Display> Serialize for TextOrEmpty<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_str(""),
        }
    }
}

/// Serializes the value as text. Requires the feature `serde`.
impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // A name is serialized faster than text that has to be formatted.
            Self::Status(status) => serializer.serialize_str(status.as_str()),
            Self::Priority(priority) => serializer.serialize_str(priority.as_str()),
            Self::Category(category) => serializer.serialize_str(category.as_str()),
            Self::Appointment(_) => serializer.collect_str(self),
        }
    }
}

/// Serializes the members `field`, `from` and `to`. If the field had no value before, `from` is `""`. Requires the
/// feature `serde`.
impl Serialize for FieldChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut change = serializer.serialize_struct("FieldChange", 3)?;
        change.serialize_field("field", self.field().as_str())?;
        match &self.from {
            Some(from) => change.serialize_field("from", from)?,
            None => change.serialize_field("from", "")?,
        }
        change.serialize_field("to", &self.to)?;
        change.end()
    }
}

/// Serializes the list of changes. Requires the feature `serde`.
impl Serialize for TraceChanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut changes = serializer.serialize_seq(Some(self.iter().count()))?;
        for change in self.iter() {
            changes.serialize_element(&change)?;
        }
        changes.end()
    }
}

/// Serializes the members `status`, `from`, `until` and `seconds`. While the period is open, `until` is `""`. Requires
/// the feature `serde`.
impl Serialize for StatusPeriod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut period = serializer.serialize_struct("StatusPeriod", 4)?;
        period.serialize_field("status", self.status.as_str())?;
        period.serialize_field("from", &self.from)?;
        period.serialize_field("until", &TextOrEmpty(self.until))?;
        period.serialize_field("seconds", &self.seconds())?;
        period.end()
    }
}

/// Serializes the member `state` of the ticket system's API. Requires the feature `serde`.
impl Serialize for TicketState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let status = self.fields.status.map_or("", Status::as_str);
        let priority = self.fields.priority.map_or("", Priority::as_str);
        let category = self.fields.category.map_or("", Category::as_str);
        let appointment = self.fields.appointment.map(FieldValue::Appointment);
        let mut state = serializer.serialize_struct("TicketState", 9)?;
        state.serialize_field("status", status)?;
        state.serialize_field("priority", priority)?;
        state.serialize_field("category", category)?;
        state.serialize_field("appointment", &TextOrEmpty(appointment))?;
        state.serialize_field("status_since", &TextOrEmpty(self.status_since()))?;
        state.serialize_field("created_at", &TextOrEmpty(self.created_at))?;
        state.serialize_field("last_updated_at", &TextOrEmpty(self.last_updated_at))?;
        state.serialize_field("time_in_status", &self.time_in_status)?;
        state.serialize_field("findings", &self.findings)?;
        state.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_string, to_value};

    use super::*;
    use crate::{Date, StaffId, TicketFields, TicketId, Timestamp, Trace, TraceId};

    fn trace(id: i64, at: &str, status: Option<Status>) -> Trace {
        let at = Timestamp::from_rfc3339(at).unwrap();
        let ticket = TicketId::new(123).unwrap();
        let mut trace = Trace::new(TraceId::new(id), ticket, at, StaffId::from("W007"));
        trace.new_status = status;
        trace
    }

    #[test]
    fn state_has_the_members_of_the_api_in_order() {
        let mut created = trace(1, "2025-12-06T10:00:00Z", Some(Status::Fresh));
        created.new_priority = Some(Priority::Mainline);
        created.new_category = Some(Category::LowSpeed);
        created.new_appointment = Some(Date::from_ymd(2025, 12, 8).unwrap());
        let solved = trace(3, "2025-12-06T15:30:00Z", Some(Status::Solved));

        let expected = concat!(
            r#"{"status":"solved","priority":"mainline","category":"low-speed","appointment":"2025-12-08","#,
            r#""status_since":"2025-12-06T15:30:00Z","#,
            r#""created_at":"2025-12-06T10:00:00Z","last_updated_at":"2025-12-06T15:30:00Z","#,
            r#""time_in_status":[{"status":"fresh","from":"2025-12-06T10:00:00Z","until":"2025-12-06T15:30:00Z","#,
            r#""seconds":19800},"#,
            r#"{"status":"solved","from":"2025-12-06T15:30:00Z","until":"","seconds":null}],"findings":[]}"#,
        );
        let state = TicketState::from_traces(&[created, solved]);
        assert_eq!(to_string(&state).unwrap(), expected);
    }

    #[test]
    fn state_before_the_first_trace_is_empty() {
        let expected = concat!(
            r#"{"status":"","priority":"","category":"","appointment":"","status_since":"","created_at":"","#,
            r#""last_updated_at":"","time_in_status":[],"findings":[]}"#,
        );
        assert_eq!(to_string(&TicketState::default()).unwrap(), expected);
    }

    #[test]
    fn findings_are_written_once_and_in_order() {
        let traces = [
            trace(9, "2025-12-06T10:00:00Z", Some(Status::Solved)),
            trace(8, "2025-12-06T10:00:01Z", Some(Status::Delay)),
            trace(7, "2025-12-06T10:00:02Z", Some(Status::Fresh)),
        ];
        let written = to_value(TicketState::from_traces(&traces)).unwrap();
        assert_eq!(
            written["findings"],
            json!(["not_created", "step_not_allowed", "out_of_order"])
        );
        let written = to_value(TicketState::from_traces(&[])).unwrap();
        assert_eq!(written["findings"], json!(["no_traces"]));
    }

    #[test]
    fn period_with_an_infinite_end_has_no_length() {
        let traces = [
            trace(1, "-infinity", Some(Status::Fresh)),
            trace(2, "2025-12-06T10:00:00Z", Some(Status::Solved)),
            trace(3, "infinity", Some(Status::Fresh)),
        ];
        let written = to_value(TicketState::from_traces(&traces)).unwrap();
        assert_eq!(
            written["time_in_status"],
            json!([
                {"status": "fresh", "from": "-infinity", "until": "2025-12-06T10:00:00Z", "seconds": null},
                {"status": "solved", "from": "2025-12-06T10:00:00Z", "until": "infinity", "seconds": null},
                {"status": "fresh", "from": "infinity", "until": "", "seconds": null},
            ])
        );
    }

    #[test]
    fn changes_have_the_members_of_the_api_in_order() {
        let mut fields = TicketFields {
            status: Some(Status::Fresh),
            ..TicketFields::default()
        };
        let mut scheduled = trace(2, "2025-12-06T10:00:00Z", Some(Status::Scheduled));
        scheduled.new_appointment = Some(Date::from_ymd(2025, 12, 8).unwrap());

        let expected = concat!(
            r#"[{"field":"status","from":"fresh","to":"scheduled"},"#,
            r#"{"field":"appointment","from":"","to":"2025-12-08"}]"#,
        );
        assert_eq!(to_string(&fields.apply(&scheduled)).unwrap(), expected);
        assert_eq!(to_string(&fields.apply(&scheduled)).unwrap(), "[]");
    }
}
