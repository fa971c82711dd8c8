//! Enums of labels: each value has one name for programs, and a label in every language for people.

use std::{error::Error, fmt, str::FromStr};

/// A text that is not the name of a value of the list it was read as.
///
/// ```
/// use wts_domain::Status;
///
/// let error = "Fresh".parse::<Status>().unwrap_err();
/// assert_eq!(error.name(), "Fresh");
/// assert_eq!(error.to_string(), r#""Fresh" is no ticket status"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    list: &'static str,
    name: String,
}

impl UnknownName {
    pub(crate) fn new(list: &'static str, name: &str) -> Self {
        Self {
            list,
            name: name.to_owned(),
        }
    }

    /// The text that was read.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no {}", self.name, self.list)
    }
}

impl Error for UnknownName {}

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

/// Declares an enum from a table: of each value its name, the same in databases, tokens and answers, and its labels in
/// Chinese and in English. A row that lacks one of them does not match, and so does not compile.
macro_rules! label_enum {
    (
        $(#[$meta:meta])*
        pub enum $list:ident, $what:literal {
            $($(#[$value_meta:meta])* $value:ident = $name:literal, $chinese:literal, $english:literal;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $list {
            $(
                $(#[$value_meta])*
                #[doc = concat!("\n\nName: `", $name, "`. Labels: ", $chinese, ", *", $english, "*.")]
                $value,
            )+
        }

        impl $list {
            /// Every value, in the order in which this page lists them.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The value's name: what databases, tokens and answers call it. It never changes.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }

            /// What people call the value, in their language.
            pub const fn label(self, language: $crate::Language) -> &'static str {
                use $crate::Language::{Chinese, English};
                match (self, language) {
                    $(
                        (Self::$value, Chinese) => $chinese,
                        (Self::$value, English) => $english,
                    )+
                }
            }
        }

        #[cfg(feature = "serde")]
        $crate::serde_impls::as_text!($list, str::parse);

        /// Writes the name.
        impl std::fmt::Display for $list {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        /// Reads a name, to the letter.
        impl std::str::FromStr for $list {
            type Err = $crate::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$value),)+
                    _ => Err($crate::UnknownName::new($what, name)),
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
    use crate::{Access, Actor, Category, HistoryFinding, Priority, Status, TicketField};

    /// Every name is read back as the value that wrote it, and the list is spelled as documented.
    macro_rules! names_of {
        ($list:ident: $($name:literal)+) => {{
            let names: Vec<_> = $list::ALL.iter().map(|value| value.as_str()).collect();
            assert_eq!(names, [$($name),+]);
            for value in $list::ALL {
                assert_eq!(value.as_str().parse::<$list>().as_ref(), Ok(value));
            }
        }};
    }

    #[test]
    fn names_are_those_of_the_contract() {
        names_of!(Access: "unregistered" "user" "pre-member" "informal-member" "formal-member"
            "group-leader" "chief" "api" "dev");
        names_of!(Status: "fresh" "scheduled" "delay" "escalated" "solved" "canceled");
        names_of!(Priority: "highest" "assigned" "mainline" "normal" "in-passing" "least");
        names_of!(Category: "first-install" "low-speed" "ip-or-device" "client-or-account" "others");
        names_of!(Actor: "system" "user" "operator");
        names_of!(TicketField: "status" "priority" "appointment" "category");
        names_of!(HistoryFinding: "no_traces" "not_created" "step_not_allowed" "out_of_order");
    }

    #[test]
    fn a_name_in_another_spelling_is_unknown() {
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
            assert_eq!(error.name(), text);
            assert_eq!(error.to_string(), format!("{text:?} is no ticket status"));
        }
    }

    /// A front end shows labels side by side: no two may look the same, none may be empty or in the wrong language.
    macro_rules! labels_of {
        ($list:ident) => {
            for language in [Language::Chinese, Language::English] {
                let labels: BTreeSet<_> = $list::ALL
                    .iter()
                    .map(|value| value.label(language))
                    .collect();
                assert_eq!(labels.len(), $list::ALL.len(), "{labels:?}");
                for label in labels {
                    let latin = label.bytes().all(|b| b.is_ascii_alphabetic() || b == b' ');
                    // API is what it is called in Chinese too.
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
    fn every_value_has_a_label_of_its_own_in_every_language() {
        labels_of!(Access);
        labels_of!(Status);
        labels_of!(Priority);
        labels_of!(Category);
        labels_of!(Actor);
        labels_of!(TicketField);
        labels_of!(HistoryFinding);
    }

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
