//! One setting: its declaration, and the kinds of values that settings have.

use std::{
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    ops::Deref,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

/// The beginning of the name of every environment variable of the service.
pub(super) const PREFIX: &str = "WTS_";

/// A setting with values of type `T`.
pub(crate) struct Setting<T> {
    pub(super) declaration: Declaration,
    pub(super) parse: fn(&[u8]) -> Result<T, ParseError>,
}

/// A setting without the type of its values.
pub(crate) struct Declaration {
    /// The heading in the reference.
    pub(crate) group: &'static str,
    /// The name in a settings file, such as `request_timeout`. The variable is `WTS_REQUEST_TIMEOUT`, the flag
    /// `--request-timeout`.
    pub(crate) name: &'static str,
    /// The description, for `--help` and the reference.
    pub(super) help: &'static str,
    /// The form of valid values, for error messages.
    pub(super) expected: &'static str,
    pub(super) default: DefaultValue,
    pub(super) visibility: Visibility,
    /// Parses a value and drops it.
    pub(super) check: fn(&[u8]) -> Result<(), ParseError>,
}

/// The default of a setting.
#[derive(Clone, Copy)]
pub(super) enum DefaultValue {
    /// This value, written as it would be given.
    Value(&'static str),
    /// No value. The text describes what that means.
    Unset(&'static str),
}

/// The form in which a value can be shown.
#[derive(Clone, Copy)]
pub(super) enum Visibility {
    /// As it is.
    Public,
    /// In the form that the function returns. It can be a command-line argument.
    Redacted(fn(&[u8]) -> String),
    /// Only in the form that the function returns. It is never an argument; `…_file` can name a file that contains it.
    Secret(fn(&[u8]) -> String),
}

/// The reason why a value is invalid.
pub(super) enum ParseError {
    /// It does not have the expected form.
    Unexpected,
    /// It cannot be used for this reason, which does not repeat it.
    Because(String),
}

/// A kind of value: its expected form, its visibility and its parser.
pub(super) struct Kind<T> {
    pub(super) expected: &'static str,
    pub(super) visibility: Visibility,
    pub(super) parse: fn(&[u8]) -> Result<T, ParseError>,
}

impl<T> Kind<T> {
    pub(super) const fn public(
        expected: &'static str,
        parse: fn(&[u8]) -> Result<T, ParseError>,
    ) -> Self {
        Self {
            expected,
            visibility: Visibility::Public,
            parse,
        }
    }
}

pub(super) const ADDRESS: Kind<SocketAddr> =
    Kind::public("ADDRESS:PORT, such as 127.0.0.1:8080", parsed);
pub(super) const COUNT: Kind<NonZeroUsize> = Kind::public("a number, 1 or more", |value| {
    let count: NonZeroU32 = parsed(value)?;
    count.try_into().map_err(|_| ParseError::Unexpected)
});
/// A number per second, or no limit.
pub(super) const RATE: Kind<Option<NonZeroU32>> = Kind::public(
    "a number of requests per second, or off",
    |value| match value {
        b"off" | b"false" => Ok(None),
        number => parsed(number).map(Some),
    },
);
pub(super) const DURATION: Kind<Duration> =
    Kind::public("a duration, such as 500ms or 10s", duration);
pub(super) const DURATION_OR_ZERO: Kind<Duration> =
    Kind::public("a duration, such as 500ms or 10s, or 0s", duration_or_zero);
/// A duration that PostgreSQL can count: in whole milliseconds, of which 0 would mean no limit.
pub(super) const MILLISECONDS: Kind<Duration> = Kind::public(
    "a duration from 1ms to 24days, such as 1500ms",
    |value| match i32::try_from(duration(value)?.as_millis()) {
        Ok(1..) => duration(value),
        _ => Err(ParseError::Unexpected),
    },
);
pub(super) const SWITCH: Kind<bool> = Kind::public("on or off", |value| match value {
    b"on" | b"true" => Ok(true),
    b"off" | b"false" => Ok(false),
    _ => Err(ParseError::Unexpected),
});
pub(super) const TEXT: Kind<String> = Kind::public("a text", parsed);
pub(super) const FILE: Kind<PathBuf> = Kind::public("a file's path", parsed);

pub(super) fn text(value: &[u8]) -> Result<&str, ParseError> {
    str::from_utf8(value).map_err(|_| ParseError::Unexpected)
}

/// Parses what the type can parse, and leaves out the type's own reasons.
pub(super) fn parsed<T: FromStr>(value: &[u8]) -> Result<T, ParseError> {
    text(value)?.parse().map_err(|_| ParseError::Unexpected)
}

/// Parses what the type can parse, or returns the type's reason, which must not repeat the value.
pub(super) fn parsed_or_reason<T>(value: &[u8]) -> Result<T, ParseError>
where
    T: FromStr<Err: ToString>,
{
    text(value)?
        .parse()
        .map_err(|error: T::Err| ParseError::Because(error.to_string()))
}

fn duration(value: &[u8]) -> Result<Duration, ParseError> {
    match duration_or_zero(value) {
        Ok(Duration::ZERO) => Err(ParseError::Unexpected),
        outcome => outcome,
    }
}

fn duration_or_zero(value: &[u8]) -> Result<Duration, ParseError> {
    humantime::parse_duration(text(value)?).map_err(|_| ParseError::Unexpected)
}

/// Returns a constant mask in place of a secret.
pub(super) fn masked(_: &[u8]) -> String {
    "***".to_owned()
}

pub(super) fn variable_of(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase())
}

impl Declaration {
    pub(super) fn is_secret(&self) -> bool {
        matches!(self.visibility, Visibility::Secret(_))
    }

    /// Returns the name of the environment variable.
    pub(super) fn variable(&self) -> String {
        variable_of(self.name)
    }

    /// Returns the name under which a secret's file is given.
    pub(super) fn file_name(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_file", self.name))
    }

    /// Returns the reason why a value cannot be used, without repeating a secret.
    pub(super) fn explain(&self, error: ParseError, value: &[u8]) -> String {
        let expected = self.expected;
        match (error, self.visibility) {
            (ParseError::Because(reason), _) => reason,
            (ParseError::Unexpected, Visibility::Public) => {
                let found = String::from_utf8_lossy(value);
                format!("expected {expected}, not {found:?}")
            }
            (ParseError::Unexpected, _) => format!("expected {expected}"),
        }
    }

    /// Returns the value in the form that can be shown.
    ///
    /// # Errors
    ///
    /// Returns the reason if the value cannot be used.
    pub(super) fn show(&self, value: &[u8]) -> Result<String, String> {
        (self.check)(value).map_err(|error| self.explain(error, value))?;
        Ok(match self.visibility {
            Visibility::Public => String::from_utf8_lossy(value).into_owned(),
            Visibility::Redacted(show) | Visibility::Secret(show) => show(value),
        })
    }
}

impl<T> Deref for Setting<T> {
    type Target = Declaration;

    fn deref(&self) -> &Declaration {
        &self.declaration
    }
}
