//! The types as JSON, with the feature `serde`: the forms and the names of the ticket system's API.
//!
//! Everything that serde needs stands here, so that the types themselves are read without it.

mod history;
mod ticket;
mod trace;

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

use crate::{
    Access, Category, Day, Priority, StaffId, Status, StudentId, TicketId, Timestamp, TraceId,
};

/// Reads a text as a value.
struct Text<T, E> {
    expected: &'static str,
    parse: fn(&str) -> Result<T, E>,
}

impl<T, R: fmt::Display> Visitor<'_> for Text<T, R> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }
}

/// For types that are the text that they are written as.
macro_rules! as_text {
    ($($name:ident: $expected:literal, $parse:path;)+) => {
        $(
            /// As its text, with the feature `serde`.
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            /// From its text, with the feature `serde`.
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_str(Text { expected: $expected, parse: $parse })
                }
            }
        )+
    };
}

as_text! {
    Access: "an access rank", str::parse;
    Category: "a ticket category", str::parse;
    Day: "a day as its UTC midnight, such as 2025-12-08T00:00:00Z", str::parse;
    Priority: "a ticket priority", str::parse;
    Status: "a ticket status", str::parse;
    // As others may write it, with an offset for example.
    Timestamp: "a moment in RFC 3339, such as 2025-12-06T10:00:00Z", Timestamp::from_rfc3339;
}

/// For types that are what they wrap.
macro_rules! as_inner {
    ($($name:ident: $inner:ty, $get:expr, $make:expr;)+) => {
        $(
            /// As what it wraps, with the feature `serde`.
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    $get(self).serialize(serializer)
                }
            }

            /// From what it wraps, with the feature `serde`.
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    <$inner>::deserialize(deserializer).and_then($make)
                }
            }
        )+
    };
}

as_inner! {
    StaffId: String, Self::as_str, |text| Ok(Self::from(text));
    StudentId: String, Self::as_str, |text| Ok(Self::from(text));
    TraceId: i64, |id: &Self| id.get(), |number| Ok(Self::new(number));
    TicketId: i64, |id: &Self| id.get(), |number| {
        Self::new(number).ok_or_else(|| D::Error::custom("ticket numbers begin at 1"))
    };
}

#[cfg(test)]
mod tests;
