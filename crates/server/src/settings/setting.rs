//! The declaration of a setting, and the kinds of values that settings can have.

use std::{
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    ops::Deref,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

/// The prefix of the environment variables of the service.
pub(super) const PREFIX: &str = "WTS_";

/// A setting with values of type `T`.
pub(crate) struct Setting<T> {
    pub(super) declaration: Declaration,
    pub(super) parse: fn(&[u8]) -> Result<T, ParseError>,
}

/// The part of a setting that does not depend on the type of its values.
pub(crate) struct Declaration {
    /// The heading of the setting's group in the reference.
    pub(crate) group: &'static str,
    /// The name of the setting in a settings file, such as `request_timeout`. The environment variable is
    /// `WTS_REQUEST_TIMEOUT`, and the flag is `--request-timeout`.
    pub(crate) name: &'static str,
    /// The description of the setting, for `--help` and the reference.
    pub(super) help: &'static str,
    /// The form of valid values, for error messages.
    pub(super) expected: &'static str,
    pub(super) default: DefaultValue,
    pub(super) visibility: Visibility,
    /// Checks whether a value can be parsed.
    pub(super) check: fn(&[u8]) -> Result<(), ParseError>,
}

/// The default value of a setting.
#[derive(Clone, Copy)]
pub(super) enum DefaultValue {
    /// The default value, in the form in which it would be given.
    Value(&'static str),
    /// The setting has no default value. The text describes what this means.
    Unset(&'static str),
}

/// The form in which the value of a setting can be printed.
#[derive(Clone, Copy)]
pub(super) enum Visibility {
    /// The value can be printed unchanged.
    Public,
    /// The value is printed in the form that the function returns. It can be given as a command-line argument.
    Redacted(fn(&[u8]) -> String),
    /// The value is a secret, and is printed in the form that the function returns. It cannot be given as a
    /// command-line argument; the setting `…_file` names a file that contains it.
    Secret(fn(&[u8]) -> String),
}

/// The reason why a value is invalid.
pub(super) enum ParseError {
    /// The value does not have the expected form.
    Unexpected,
    /// The value is invalid for this reason. The text does not contain the value.
    Because(String),
}

/// A kind of value: its expected form, its visibility and its parse function.
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
/// A number of requests per second, or `None` for no limit.
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
/// A duration in whole milliseconds that PostgreSQL accepts as a timeout. Zero is excluded, because it means no
/// timeout.
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
pub(super) const TEXT: Kind<String> = Kind::public("text", parsed);
pub(super) const FILE: Kind<PathBuf> = Kind::public("a file path", parsed);

pub(super) fn text(value: &[u8]) -> Result<&str, ParseError> {
    str::from_utf8(value).map_err(|_| ParseError::Unexpected)
}

/// Parses a value with `FromStr`. The error of the type is not reported.
pub(super) fn parsed<T: FromStr>(value: &[u8]) -> Result<T, ParseError> {
    text(value)?.parse().map_err(|_| ParseError::Unexpected)
}

/// Parses a value with `FromStr`. The error of the type is reported, so its text must not contain the value.
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

/// Returns a constant text that is printed in place of a secret.
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

    /// Returns the name of the setting's environment variable.
    pub(super) fn variable(&self) -> String {
        variable_of(self.name)
    }

    /// Returns the name of the setting that names a file with the secret, or `None` if this setting is not a secret.
    pub(super) fn file_name(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_file", self.name))
    }

    /// Returns the reason why a value is invalid. The text does not contain a secret.
    pub(super) fn explain(&self, error: ParseError, value: &[u8]) -> String {
        let expected = self.expected;
        match (error, self.visibility) {
            (ParseError::Because(reason), _) => reason,
            (ParseError::Unexpected, Visibility::Public) => {
                let found = String::from_utf8_lossy(value);
                format!("expected {expected}, found {found:?}")
            }
            (ParseError::Unexpected, _) => format!("expected {expected}"),
        }
    }

    /// Returns the value in the form in which it can be printed.
    ///
    /// # Errors
    ///
    /// Returns the reason if the value is invalid.
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
