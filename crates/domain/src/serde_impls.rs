//! Functions and macros for `serde` implementations that derives cannot generate: values serialized as text, and the
//! empty values of the ticket system's API.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Implements `Serialize` with the type's `Display`, and `Deserialize` with a parse function.
macro_rules! impl_serde_as_text {
    ($name:ident, $parse:path) => {
        /// Serializes the value as text. Requires the feature `serde`.
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        /// Deserializes the value from text. Requires the feature `serde`.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use impl_serde_as_text;

/// Deserializes a ticket number. Numbers below 1 are rejected.
pub(crate) fn deserialize_positive<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<i64, D::Error> {
    let number = i64::deserialize(deserializer)?;
    if number > 0 {
        Ok(number)
    } else {
        Err(D::Error::custom("ticket numbers begin at 1"))
    }
}

/// Deserializes a string. Null becomes the empty string.
pub(crate) fn null_as_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Serializes `None` as `""`, and deserializes `""` and null as `None`.
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
