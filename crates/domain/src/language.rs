//! The languages of labels.

use std::{fmt, str::FromStr};

use crate::UnknownName;

/// A language that people read labels in.
///
/// ```
/// use wts_domain::{Language, Status};
///
/// assert_eq!(Status::Delay.label(Language::Chinese), "改日修");
/// assert_eq!(Status::Delay.label(Language::English), "Postponed");
/// assert_eq!("en".parse(), Ok(Language::English));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Language {
    /// Simplified Chinese, as the ticket system has always shown its labels.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// Every language that there are labels in.
    pub const ALL: &'static [Self] = &[Self::Chinese, Self::English];

    /// The language's tag (BCP 47): `zh` or `en`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
        }
    }
}

/// Writes the tag.
impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads a tag, to the letter.
impl FromStr for Language {
    type Err = UnknownName;

    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|language| language.as_str() == tag)
            .ok_or_else(|| UnknownName::new("language", tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_is_read_from_its_tag_and_from_nothing_else() {
        for language in Language::ALL {
            assert_eq!(language.to_string().parse(), Ok(*language));
        }
        for unknown in ["", "ZH", "zh-CN", "chinese", "de"] {
            assert!(unknown.parse::<Language>().is_err(), "{unknown:?}");
        }
    }
}
