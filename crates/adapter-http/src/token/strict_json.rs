//! A strict parser of JSON objects. Every member name must be unique (RFC 7515 4, RFC 7517 4, RFC 7519 4), and the
//! depth and the number of members are limited.
//!
//! `serde_json` alone accepts duplicate members for which the type has no field, and ignores such members at any depth.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The maximum depth of nested arrays and objects. The claims of the sign-in service are not nested.
const MAX_DEPTH: usize = 8;
const MAX_MEMBERS: usize = 64;

/// Parses `json`, which must consist of one object. Returns `None` if it is invalid.
pub(super) fn from_slice<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    let object: &RawValue = serde_json::from_slice(json).ok()?;
    // The derived `Deserialize` would also accept an array.
    let is_strict = object.get().starts_with('{') && is_unambiguous(object, MAX_DEPTH);
    is_strict.then(|| serde_json::from_str(object.get()).ok())?
}

/// Deserializes a member that can be absent but cannot be null.
pub(super) fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Returns whether all member names in every object of `json` are unique, and values are nested in at most `levels` arrays and
/// objects.
fn is_unambiguous(json: &RawValue, levels: usize) -> bool {
    let json = json.get();
    let values = match json.as_bytes().first() {
        Some(b'{' | b'[') if levels == 0 => return false,
        Some(b'{') => serde_json::from_str(json).map(|UniqueMembers(values)| values),
        Some(b'[') => serde_json::from_str(json),
        _ => return true,
    };
    values.is_ok_and(|values: Vec<&RawValue>| {
        values.iter().all(|value| is_unambiguous(value, levels - 1))
    })
}

/// The values of an object whose member names are unique.
struct UniqueMembers<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for UniqueMembers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = UniqueMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut names = Vec::<String>::new();
                let mut values = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    if names.contains(&name) || names.len() == MAX_MEMBERS {
                        return Err(A::Error::custom("expected unique members, at most 64"));
                    }
                    names.push(name);
                    values.push(value);
                }
                Ok(UniqueMembers(values))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn is_read(json: &str) -> bool {
        from_slice::<Value>(json.as_bytes()).is_some()
    }

    #[test]
    fn depth_is_limited_and_brackets_in_strings_are_ignored() {
        let nested = |levels: usize| {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            format!(r#"{{"a":{open}"{open}{{\"[{{\\"{close},"b":"[[[[[[[[[["}}"#)
        };
        for levels in [0, 1, 7] {
            assert!(is_read(&nested(levels)), "{levels}");
        }
        for levels in [8, 9, 127, 1_000, 100_000] {
            assert!(!is_read(&nested(levels)), "{levels}");
        }
        assert!(!is_read(&format!(
            "{}1{}",
            r#"{"a":"#.repeat(9),
            "}".repeat(9)
        )));
        for not_an_object in [
            "", "1", "[]", "null", r#""{}""#, "{}{}", "{} x", "{", "]]]][",
        ] {
            assert!(!is_read(not_an_object), "{not_an_object}");
        }
    }

    #[test]
    fn member_names_are_compared_after_unescaping() {
        assert!(is_read(r#"{"sid":1,"Sid":2}"#));
        for duplicate in [
            r#"{"sid":1,"sid":1}"#,
            r#"{"sid":1,"\u0073id":2}"#,
            r#"{"x":[[{"y":{"s":1,"\u0073":2}}]]}"#,
        ] {
            assert!(!is_read(duplicate), "{duplicate}");
        }
    }

    #[test]
    fn number_of_members_is_limited() {
        let object_with = |members: usize| {
            let members: Vec<_> = (0..members).map(|n| format!(r#""{n}":1"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(is_read(&object_with(64)) && !is_read(&object_with(65)));
    }
}
