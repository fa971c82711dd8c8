//! Values that have exactly one form in a file, for `#[serde(with = "value")]`. The parsers of the domain crate accept
//! more forms.

use std::{
    fmt::{self, Display},
    marker::PhantomData,
    str::FromStr,
};

use serde::{
    Deserialize, Deserializer, Serializer,
    de::{Error, Unexpected, Visitor},
};
use wts_domain::{Access, Category, Date, Priority, Status, TicketId, Timestamp};

/// A value with exactly one form in a file.
pub(super) trait Value: Sized {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

pub(super) fn serialize<T: Value, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

pub(super) fn deserialize<'de, T: Value, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// An optional field is absent if it has no value. `null` is rejected, so that there is only one form.
impl<T: Value> Value for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Some)
    }
}

impl Value for String {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deserialize::deserialize(deserializer)
    }
}

impl Value for TicketId {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.get())
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let expected = "a ticket id from 1 to 9223372036854775807";
        Self::new(number)
            .ok_or_else(|| D::Error::invalid_value(Unexpected::Signed(number), &expected))
    }
}

/// Implements [`Value`] for types that are parsed from a string. The second expression describes the expected value in
/// errors.
macro_rules! parsed_strings {
    ($($value:ty: $expected:expr;)+) => {$(
        impl Value for $value {
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let expected = || $expected;
                deserializer.deserialize_str(ParsedString { expected, value: PhantomData })
            }
        }
    )+};
}

parsed_strings! {
    Access: one_of(Self::ALL);
    Category: one_of(Self::ALL);
    Priority: one_of(Self::ALL);
    Status: one_of(Self::ALL);
    Date: "a date such as \"2025-12-08T00:00:00Z\"".to_owned();
    Timestamp: "a timestamp such as \"2025-12-06T10:00:00Z\"".to_owned();
}

fn one_of<T: Display>(values: &[T]) -> String {
    let values: Vec<_> = values.iter().map(|value| format!("\"{value}\"")).collect();
    format!("one of {}", values.join(", "))
}

struct ParsedString<T> {
    expected: fn() -> String,
    value: PhantomData<T>,
}

impl<T: FromStr> Visitor<'_> for ParsedString<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&(self.expected)())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse()
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}
