//! Identifiers of tickets, traces, students and staff members.

use std::{error::Error, fmt, str::FromStr};

/// A ticket number: positive, at most 2^63-1.
///
/// The only accepted text form is decimal, without a sign or leading zeros:
///
/// ```
/// use wts_domain::TicketId;
///
/// let ticket: TicketId = "123".parse()?;
/// assert_eq!(ticket.get(), 123);
/// assert!("0123".parse::<TicketId>().is_err());
/// # Ok::<(), wts_domain::ParseTicketIdError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct TicketId(
    #[cfg_attr(
        feature = "serde",
        serde(deserialize_with = "crate::serde_impls::deserialize_positive")
    )]
    i64,
);

impl TicketId {
    /// Creates a ticket number. Returns `None` if `number` is not positive.
    pub const fn new(number: i64) -> Option<Self> {
        if number > 0 { Some(Self(number)) } else { None }
    }

    /// Returns the ticket number as an integer.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TicketId {
    type Err = ParseTicketIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        use ParseTicketIdError::{Empty, LeadingZero, NotDecimalDigits, TooLarge, Zero};
        match text.as_bytes() {
            [] => Err(Empty),
            // `i64::from_str` alone would accept signs and leading zeros.
            bytes if !bytes.iter().all(u8::is_ascii_digit) => Err(NotDecimalDigits),
            b"0" => Err(Zero),
            [b'0', ..] => Err(LeadingZero),
            _ => text.parse().map(Self).map_err(|_| TooLarge),
        }
    }
}

/// The reason why a string cannot be parsed as a ticket number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseTicketIdError {
    /// The text is empty.
    Empty,
    /// The text contains characters other than the digits 0 to 9, such as a sign, a space or a digit of another script.
    NotDecimalDigits,
    /// The number is zero.
    Zero,
    /// The number has leading zeros.
    LeadingZero,
    /// The number is larger than 2^63-1.
    TooLarge,
}

impl fmt::Display for ParseTicketIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::NotDecimalDigits => "only the digits 0 to 9 are allowed",
            Self::Zero => "ticket numbers begin at 1",
            Self::LeadingZero => "leading zeros are not allowed",
            Self::TooLarge => "larger than 9223372036854775807",
        })
    }
}

impl Error for ParseTicketIdError {}

/// A trace number, assigned by the database. Traces with the same timestamp are ordered by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct TraceId(i64);

impl TraceId {
    /// Creates a trace number. Every integer is valid.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Returns the trace number as an integer.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Declares a type for identifiers that are opaque strings and are compared byte by byte.
macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(String);

        impl $name {
            /// Returns the identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether the identifier is the empty string. A person or service without such a number has the empty
            /// string.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                self.0 == text
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                self.0 == *text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

text_id! {
    /// A student number: the `sid` claim of tokens and the `sid` column of the database.
    ///
    /// ```
    /// use wts_domain::StudentId;
    ///
    /// let alice = StudentId::from("2024310001");
    /// assert_eq!(alice, "2024310001");
    /// assert!(!alice.is_empty());
    /// ```
    StudentId
}

text_id! {
    /// A staff number: the `op` of a trace. [`StaffId::SYSTEM`] and [`StaffId::USER`] are reserved and do not belong to
    /// staff members.
    ///
    /// ```
    /// use wts_domain::StaffId;
    ///
    /// let op = StaffId::from("-1");
    /// assert!(op.is_system() && op == StaffId::SYSTEM);
    /// assert!(!StaffId::from("W007").is_user());
    /// ```
    StaffId
}

impl StaffId {
    /// The staff number of the ticket system itself.
    pub const SYSTEM: &'static str = "-1";
    /// The staff number that stands for the user who filed the ticket.
    pub const USER: &'static str = "-2";

    /// Whether this is [`StaffId::SYSTEM`].
    pub fn is_system(&self) -> bool {
        self == Self::SYSTEM
    }

    /// Whether this is [`StaffId::USER`].
    pub fn is_user(&self) -> bool {
        self == Self::USER
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn invalid_ticket_id_is_rejected_with_its_reason() {
        use ParseTicketIdError::{Empty, LeadingZero, NotDecimalDigits, TooLarge, Zero};
        let rejected = [
            ("", Empty),
            ("0", Zero),
            ("00", LeadingZero),
            ("01", LeadingZero),
            ("+1", NotDecimalDigits),
            ("-1", NotDecimalDigits),
            (" 1", NotDecimalDigits),
            ("1 ", NotDecimalDigits),
            ("1\n", NotDecimalDigits),
            ("1.0", NotDecimalDigits),
            ("1e3", NotDecimalDigits),
            ("0x1", NotDecimalDigits),
            ("1_000", NotDecimalDigits),
            ("١٢٣", NotDecimalDigits),
            ("１２３", NotDecimalDigits),
            ("1\0", NotDecimalDigits),
            ("9223372036854775808", TooLarge),
            ("18446744073709551617", TooLarge),
            ("99999999999999999999999999", TooLarge),
        ];
        for (text, reason) in rejected {
            assert_eq!(text.parse::<TicketId>(), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn large_ticket_id_does_not_wrap() {
        let beyond_32_bits: TicketId = "4294967297".parse().unwrap();
        assert_eq!(beyond_32_bits.get(), (1 << 32) + 1);
        let largest: TicketId = "9223372036854775807".parse().unwrap();
        assert_eq!(largest.get(), i64::MAX);
    }

    #[test]
    fn only_positive_numbers_are_ticket_ids() {
        assert_eq!(TicketId::new(0), None);
        assert_eq!(TicketId::new(i64::MIN), None);
        assert_eq!(TicketId::new(1).map(TicketId::get), Some(1));
    }

    proptest! {
        #[test]
        fn parsed_ticket_id_is_written_unchanged(text in "\\PC{0,4}|[0-9+ .-]{0,22}") {
            if let Ok(ticket) = text.parse::<TicketId>() {
                prop_assert_eq!(ticket.to_string(), text);
            }
        }

        #[test]
        fn written_ticket_id_is_parsed_back(number in 1..=i64::MAX) {
            let ticket = TicketId::new(number).unwrap();
            prop_assert_eq!(ticket.to_string().parse(), Ok(ticket));
        }
    }
}
