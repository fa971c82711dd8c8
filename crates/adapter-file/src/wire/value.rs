//! Values as they are spelled in a line.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use wts_domain::{Access, Category, Day, Priority, Status, TicketId, Timestamp};

/// A value of the domain, spelled as the file spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelled<T>(pub(super) T);

/// A value that a string spells.
pub(super) trait Word: FromStr + fmt::Display {
    /// What is expected where one should be.
    fn expected(f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

macro_rules! labels {
    ($($list:ident)+) => {
        $(impl Word for $list {
            fn expected(f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one of")?;
                for (n, value) in Self::ALL.iter().enumerate() {
                    write!(f, "{} \"{value}\"", if n == 0 { "" } else { "," })?;
                }
                Ok(())
            }
        })+
    };
}

labels!(Access Category Priority Status);

impl Word for Timestamp {
    fn expected(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a moment such as \"2025-12-06T10:00:00Z\"")
    }
}

impl Word for Day {
    fn expected(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a day such as \"2025-12-08T00:00:00Z\"")
    }
}

impl<T: Word> Serialize for Spelled<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: Word> Deserialize<'de> for Spelled<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);

        impl<T: Word> de::Visitor<'_> for Visitor<T> {
            type Value = Spelled<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                T::expected(f)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse()
                    .map(Spelled)
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Visitor(PhantomData))
    }
}

impl Serialize for Spelled<TicketId> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.get())
    }
}

impl<'de> Deserialize<'de> for Spelled<TicketId> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let expected = "a ticket's number, from 1 to 9223372036854775807";
        TicketId::new(number)
            .map(Spelled)
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Signed(number), &expected))
    }
}

/// A field that may be left out, but is not null where it is there: nothing has two spellings.
pub(super) fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
