//! What the types' `serde` derives cannot express, with the feature `serde`: values that are written as their text, and
//! the forms of the ticket system's API.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{Access, Category, Day, Priority, Status, Timestamp, Trace, trace};

/// Implements serde for types that are written as the text of their `Display`.
macro_rules! as_text {
    ($($name:ident: $parse:path;)+) => {
        $(
            /// Writes the value as its text, with the feature `serde`.
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            /// Reads the value from its text, with the feature `serde`.
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    $parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
                }
            }
        )+
    };
}

as_text! {
    Access: str::parse;
    Category: str::parse;
    Day: str::parse;
    Priority: str::parse;
    Status: str::parse;
    // Other services may write an offset, for example.
    Timestamp: Timestamp::from_rfc3339;
}

/// Reads the number of a ticket.
pub(crate) fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = i64::deserialize(deserializer)?;
    if number > 0 {
        Ok(number)
    } else {
        Err(D::Error::custom("ticket numbers begin at 1"))
    }
}

/// Reads traces, which may come in any order.
pub(crate) fn sorted_traces<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Trace>, D::Error> {
    Vec::deserialize(deserializer).map(trace::sorted)
}

/// Reads a text, or null as `""`.
pub(crate) fn null_as_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// `None` as `""`, read from `""` or null.
pub(crate) mod none_as_empty {
    use super::{Deserialize, Deserializer, Display, Error, FromStr, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<impl Display>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_str(""),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .filter(|text| !text.is_empty())
            .map(|text| text.parse().map_err(D::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests;
