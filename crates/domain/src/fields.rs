//! The ticket fields that traces can change, and their values.

use std::{borrow::Cow, fmt};

use crate::{Category, Date, Language, Priority, Status, Ticket, label_enum::label_enum};

label_enum! {
    /// A ticket field that traces can change.
    #[derive(PartialOrd, Ord)]
    pub enum TicketField, "ticket field" {
        /// The progress of the ticket, a [`Status`](crate::Status).
        Status = "status", "状态", "Status";
        /// The urgency of the ticket, a [`Priority`](crate::Priority).
        Priority = "priority", "优先级", "Priority";
        /// The date of the appointment, a [`Date`](crate::Date).
        Appointment = "appointment", "预约日期", "Appointment";
        /// The kind of problem, a [`Category`](crate::Category).
        Category = "category", "类型", "Category";
    }
}

/// The value of a [`TicketField`].
///
/// `Display` writes the name of the value. A date is written without a time:
///
/// ```
/// use wts_domain::{Date, FieldValue, Language, Status};
///
/// let appointment = FieldValue::Appointment(Date::from_ymd(2025, 12, 8)?);
/// assert_eq!(appointment.to_string(), "2025-12-08");
///
/// let status = FieldValue::Status(Status::Solved);
/// assert_eq!(status.to_string(), "solved");
/// assert_eq!(status.label(Language::Chinese), "已解决");
/// # Ok::<(), wts_domain::DateOutOfRange>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldValue {
    /// A value of [`TicketField::Status`].
    Status(Status),
    /// A value of [`TicketField::Priority`].
    Priority(Priority),
    /// A value of [`TicketField::Appointment`].
    Appointment(Date),
    /// A value of [`TicketField::Category`].
    Category(Category),
}

impl FieldValue {
    /// The field that the value belongs to.
    pub const fn field(self) -> TicketField {
        match self {
            Self::Status(_) => TicketField::Status,
            Self::Priority(_) => TicketField::Priority,
            Self::Appointment(_) => TicketField::Appointment,
            Self::Category(_) => TicketField::Category,
        }
    }

    /// Returns the label to show to people. A date has the same label in every language, such as `2025-12-08`.
    pub fn label(self, language: Language) -> Cow<'static, str> {
        match self {
            Self::Status(status) => status.label(language).into(),
            Self::Priority(priority) => priority.label(language).into(),
            Self::Appointment(date) => date.iso_date().to_string().into(),
            Self::Category(category) => category.label(language).into(),
        }
    }
}

/// Writes the name of the value. A date is written without a time.
impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::Priority(priority) => priority.fmt(f),
            Self::Appointment(date) => date.iso_date().fmt(f),
            Self::Category(category) => category.fmt(f),
        }
    }
}

/// The values of all [`TicketField`]s of a ticket at one point in its history. A field without a value is `None`.
///
/// In the default value, which is the point before the first trace, no field has a value. [`TicketFields::apply`]
/// applies the next trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TicketFields {
    /// The ticket's status.
    pub status: Option<Status>,
    /// The ticket's priority.
    pub priority: Option<Priority>,
    /// The date of the ticket's appointment.
    pub appointment: Option<Date>,
    /// The ticket's category.
    pub category: Option<Category>,
}

impl TicketFields {
    /// Returns the value of a field, `None` if it has no value.
    ///
    /// ```
    /// use wts_domain::{FieldValue, Status, TicketField, TicketFields};
    ///
    /// let mut fields = TicketFields::default();
    /// fields.status = Some(Status::Delay);
    /// assert_eq!(fields.get(TicketField::Status), Some(FieldValue::Status(Status::Delay)));
    /// assert_eq!(fields.get(TicketField::Priority), None);
    /// ```
    pub fn get(&self, field: TicketField) -> Option<FieldValue> {
        match field {
            TicketField::Status => self.status.map(FieldValue::Status),
            TicketField::Priority => self.priority.map(FieldValue::Priority),
            TicketField::Appointment => self.appointment.map(FieldValue::Appointment),
            TicketField::Category => self.category.map(FieldValue::Category),
        }
    }
}

/// Copies the current field values of the ticket.
impl From<&Ticket> for TicketFields {
    fn from(ticket: &Ticket) -> Self {
        Self {
            status: Some(ticket.status),
            priority: Some(ticket.priority),
            appointment: ticket.appointed_at,
            category: Some(ticket.category),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_value_is_written_without_a_time() {
        for (date, text) in [
            (Date::INFINITY, "infinity"),
            (Date::NEG_INFINITY, "-infinity"),
            (Date::from_days_since_2000(-1), "1999-12-31"),
            (Date::from_ymd(-1, 2, 3).unwrap(), "-000001-02-03"),
            (Date::from_ymd(10_000, 1, 1).unwrap(), "+010000-01-01"),
        ] {
            let value = FieldValue::Appointment(date);
            assert_eq!(value.to_string(), text);
            assert_eq!(value.label(Language::English), text);
        }
    }

    #[test]
    fn field_value_is_padded_to_the_requested_width() {
        let date = FieldValue::Appointment(Date::from_days_since_2000(0));
        assert_eq!(format!("{date:>12}|"), "  2000-01-01|");
        let status = FieldValue::Status(Status::Fresh);
        assert_eq!(format!("{status:12}|"), "fresh       |");
    }

    #[test]
    fn fields_return_each_value_under_its_own_field() {
        let fields = TicketFields {
            status: Some(Status::Solved),
            priority: Some(Priority::Least),
            appointment: Some(Date::INFINITY),
            category: Some(Category::Others),
        };
        for field in TicketField::ALL {
            assert_eq!(TicketFields::default().get(*field), None);
            assert_eq!(fields.get(*field).map(FieldValue::field), Some(*field));
        }
    }
}
