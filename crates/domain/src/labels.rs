//! Closed lists of values that databases and clients know by their labels.

use std::{error::Error, fmt};

/// A text that is not a label of the list it was read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLabel {
    list: &'static str,
    label: String,
}

impl UnknownLabel {
    pub(crate) fn new(list: &'static str, label: &str) -> Self {
        Self {
            list,
            label: label.to_owned(),
        }
    }

    /// The text that was read.
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl fmt::Display for UnknownLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no {}", self.label, self.list)
    }
}

impl Error for UnknownLabel {}

/// Declares an enum whose variants have one label each, the same in databases, tokens and answers.
macro_rules! labelled {
    (
        $(#[$meta:meta])*
        pub enum $name:ident, $list:literal {
            $($(#[$variant_meta:meta])* $variant:ident = $label:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* #[doc = concat!("\n\nLabel: `", $label, "`.")] $variant,)+
        }

        impl $name {
            /// Every value, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value's label.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::labels::UnknownLabel;

            fn from_str(label: &str) -> Result<Self, Self::Err> {
                match label {
                    $($label => Ok(Self::$variant),)+
                    _ => Err($crate::labels::UnknownLabel::new($list, label)),
                }
            }
        }
    };
}

pub(crate) use labelled;

#[cfg(test)]
mod tests {
    use crate::{Access, Category, Priority, Status};

    /// Every label is read back as the value that wrote it, and the list is spelled as documented.
    macro_rules! labels_of {
        ($name:ident: $($label:literal)+) => {{
            let labels: Vec<_> = $name::ALL.iter().map(|value| value.as_str()).collect();
            assert_eq!(labels, [$($label),+]);
            for value in $name::ALL {
                assert_eq!(value.as_str().parse::<$name>().as_ref(), Ok(value));
            }
        }};
    }

    #[test]
    fn labels_are_those_of_the_contract() {
        labels_of!(Access: "unregistered" "user" "pre-member" "informal-member" "formal-member"
            "group-leader" "chief" "api" "dev");
        labels_of!(Status: "fresh" "scheduled" "delay" "escalated" "solved" "canceled");
        labels_of!(Priority: "highest" "assigned" "mainline" "normal" "in-passing" "least");
        labels_of!(Category: "first-install" "low-speed" "ip-or-device" "client-or-account" "others");
    }

    #[test]
    fn a_label_in_another_spelling_is_unknown() {
        for text in ["", "Fresh", "fresh ", "FRESH", "frésh", "cancelled"] {
            let error = text.parse::<Status>().unwrap_err();
            assert_eq!(error.label(), text);
            assert_eq!(error.to_string(), format!("{text:?} is no ticket status"));
        }
    }
}
