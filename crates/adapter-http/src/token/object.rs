//! A JSON object, read strictly.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// How deep a header or claims may be nested. What the sign-in service issues is flat.
const DEEPEST: usize = 8;
/// How many members an object may have.
const MOST_MEMBERS: usize = 64;

/// The members of an object, each there once (RFC 7515 4, RFC 7519 4) at every level, of which only those that are asked for are read.
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The object that is all of `json`; `None` where there is another value, a member is there twice, or there is more
    /// of anything than any token has.
    pub(super) fn parse(json: &'a [u8]) -> Option<Self> {
        let json = str::from_utf8(json).ok()?;
        if depth(json) > DEEPEST {
            return None;
        }
        serde_json::from_str(json).ok()
    }

    /// Whether there is such a member, be it `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A member that is a `T` wherever it is there.
    pub(super) fn read<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, AnotherType> {
        self.get(name)
            .map(|raw| serde_json::from_str(raw.get()).map_err(|_| AnotherType))
            .transpose()
    }

    /// A member that is a text wherever it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, AnotherType> {
        Ok(self.read::<Text<'_>>(name)?.map(|text| text.0))
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    }
}

/// A member is not what it has to be.
#[derive(Debug)]
pub(super) struct AnotherType;

/// A text, copied only where it has escapes in it.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::with_capacity(8);
                while let Some((Text(name), value)) = map.next_entry()? {
                    if members.len() >= MOST_MEMBERS {
                        return Err(A::Error::custom("too many members"));
                    }
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom("a member is there twice"));
                    }
                    if !is_unambiguous(value) {
                        return Err(A::Error::custom("a member further down is there twice"));
                    }
                    members.push((name, value));
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// Whether every object in it has each member once. Does not go deeper than [`DEEPEST`], which has been looked at before.
fn is_unambiguous(value: &RawValue) -> bool {
    let json = value.get();
    match json.as_bytes().first() {
        Some(b'{') => serde_json::from_str::<Object<'_>>(json).is_ok(),
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(json)
            .is_ok_and(|values| values.into_iter().all(is_unambiguous)),
        _ => true,
    }
}

/// How many arrays and objects are open at once, at most. The parser skips what nobody asks for without counting.
fn depth(json: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_are_not_counted() {
        for (json, expected) in [
            ("1", 0),
            ("{}", 1),
            (r#"{"a":[[]],"b":{}}"#, 3),
            (r#"{"[[[[":"[{\"[[\\","a":[]}"#, 2),
            ("]]]][", 1),
        ] {
            assert_eq!(depth(json), expected, "{json}");
        }
    }

    #[test]
    fn members_are_found_by_the_name_that_their_spelling_means() {
        let object = Object::parse(br#"{"\u0073id":"\u5f20","n":null}"#).unwrap();
        assert_eq!(object.text("sid").unwrap().as_deref(), Some("张"));
        assert!(object.has("n") && object.text("n").is_err());
        assert!(!object.has("access") && object.text("access").unwrap().is_none());
        assert!(Object::parse(br#"{"sid":1,"\u0073id":2}"#).is_none());
    }
}
