//! Enums whose variants have a name for programs and, in every language, a label for people.

use std::{error::Error, fmt, str::FromStr};

/// The error for a string that is not the name of any variant of an enum.
///
/// ```
/// use wts_domain::Status;
///
/// let error = "Fresh".parse::<Status>().unwrap_err();
/// assert_eq!(error.text(), "Fresh");
/// assert_eq!(error.to_string(), r#"unknown ticket status "Fresh""#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseEnumError {
    expected: &'static str,
    text: String,
}

impl ParseEnumError {
    /// Creates the error of parsing `text` as a variant of the enum that `expected` describes.
    pub(crate) fn new(expected: &'static str, text: &str) -> Self {
        Self {
            expected,
            text: text.to_owned(),
        }
    }

    /// Returns the text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ParseEnumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} {:?}", self.expected, self.text)
    }
}

impl Error for ParseEnumError {}

/// The language of a label.
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
    /// Simplified Chinese, the language of the ticket system's web client.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// All languages.
    pub const ALL: &'static [Self] = &[Self::Chinese, Self::English];

    /// Returns the language tag (BCP 47): `zh` or `en`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
        }
    }
}

/// Writes the language tag.
impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Parses a language tag. The comparison is case-sensitive.
impl FromStr for Language {
    type Err = ParseEnumError;

    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|language| language.as_str() == tag)
            .ok_or_else(|| ParseEnumError::new("language", tag))
    }
}

/// Declares an enum from a table. Each row contains a variant, its name in databases, tokens and responses, its Chinese
/// label and its English label. The string after the name of the enum describes the enum in error messages.
macro_rules! label_enum {
    (
        $(#[$meta:meta])*
        pub enum $enum:ident, $description:literal {
            $($(#[$variant_meta:meta])* $variant:ident = $name:literal, $chinese:literal, $english:literal;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $enum {
            $(
                $(#[$variant_meta])*
                #[doc = concat!("\n\nName: `", $name, "`. Labels: ", $chinese, ", *", $english, "*.")]
                $variant,
            )+
        }

        impl $enum {
            /// All variants in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the name of the variant in databases, tokens and responses. It never changes.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Returns the label to show to people.
            pub const fn label(self, language: $crate::Language) -> &'static str {
                use $crate::Language::{Chinese, English};
                match (self, language) {
                    $(
                        (Self::$variant, Chinese) => $chinese,
                        (Self::$variant, English) => $english,
                    )+
                }
            }
        }

        #[cfg(feature = "serde")]
        $crate::serde_impls::impl_serde_as_text!($enum, str::parse);

        /// Writes the name of the variant.
        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        /// Parses the name of a variant. The comparison is case-sensitive.
        impl std::str::FromStr for $enum {
            type Err = $crate::ParseEnumError;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::ParseEnumError::new($description, name)),
                }
            }
        }
    };
}

pub(crate) use label_enum;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Language;
    use crate::{Access, Actor, Category, HistoryFindingKind, Priority, Status, TicketField};

    /// Asserts the names of the variants, and that each name is parsed as its variant.
    macro_rules! assert_names {
        ($enum:ident: $($name:literal)+) => {{
            let names: Vec<_> = $enum::ALL.iter().map(|variant| variant.as_str()).collect();
            assert_eq!(names, [$($name),+]);
            for variant in $enum::ALL {
                assert_eq!(variant.as_str().parse::<$enum>().as_ref(), Ok(variant));
            }
        }};
    }

    #[test]
    fn names_match_the_api_contract() {
        assert_names!(Access: "unregistered" "user" "pre-member" "informal-member" "formal-member"
            "group-leader" "chief" "api" "dev");
        assert_names!(Status: "fresh" "scheduled" "delay" "escalated" "solved" "canceled");
        assert_names!(Priority: "highest" "assigned" "mainline" "normal" "in-passing" "least");
        assert_names!(Category: "first-install" "low-speed" "ip-or-device" "client-or-account" "others");
        assert_names!(Actor: "system" "user" "operator");
        assert_names!(TicketField: "status" "priority" "appointment" "category");
        assert_names!(HistoryFindingKind: "no_traces" "not_created" "step_not_allowed" "out_of_order");
    }

    #[test]
    fn misspelled_name_is_rejected() {
        for text in [
            "",
            "Fresh",
            "fresh ",
            "FRESH",
            "frésh",
            "cancelled",
            "待解决",
        ] {
            let error = text.parse::<Status>().unwrap_err();
            assert_eq!(error.text(), text);
            assert_eq!(error.to_string(), format!("unknown ticket status {text:?}"));
        }
    }

    /// Asserts that the labels of an enum are distinct, not empty and in the right language.
    macro_rules! assert_labels {
        ($enum:ident) => {
            for language in [Language::Chinese, Language::English] {
                let labels: BTreeSet<_> = $enum::ALL
                    .iter()
                    .map(|variant| variant.label(language))
                    .collect();
                assert_eq!(labels.len(), $enum::ALL.len(), "{labels:?}");
                for label in labels {
                    let latin = label.bytes().all(|b| b.is_ascii_alphabetic() || b == b' ');
                    // The Chinese label of `api` is also API.
                    assert!(
                        latin == (language == Language::English) || label == "API",
                        "{label}"
                    );
                    assert!(!label.is_empty() && label == label.trim(), "{label:?}");
                }
            }
        };
    }

    #[test]
    fn labels_are_distinct_in_every_language() {
        assert_labels!(Access);
        assert_labels!(Status);
        assert_labels!(Priority);
        assert_labels!(Category);
        assert_labels!(Actor);
        assert_labels!(TicketField);
        assert_labels!(HistoryFindingKind);
    }

    #[test]
    fn language_is_parsed_only_from_its_tag() {
        for language in Language::ALL {
            assert_eq!(language.to_string().parse(), Ok(*language));
        }
        for unknown in ["", "ZH", "zh-CN", "chinese", "de"] {
            assert!(unknown.parse::<Language>().is_err(), "{unknown:?}");
        }
    }
}
